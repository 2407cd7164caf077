.DEFAULT_GOAL := help
.PHONY: run test check bench contract openapi help

run: ## start the server with its demo on http://127.0.0.1:8080 (DATABASE_URL: in that database)
	cargo run --release --bin dunghen -- serve --demo

test: ## run every test, on a throwaway PostgreSQL under .data/test
	cargo test --workspace

check: ## formatting and lints
	cargo fmt --all --check && cargo clippy --workspace --all-targets -- -D warnings

bench: ## load a million rows and compare with pgbench and \copy on the same cluster (ONLY=overload: four times the load)
	cargo bench --bench load

contract: ## lint the contract, try it with schemathesis, and compile and run generated clients
	cargo build --bin dunghen && .ci/contract

openapi: ## write the contract into openapi/ anew
	cargo run --bin dunghen -- openapi --out openapi

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)
