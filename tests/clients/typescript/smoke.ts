// A program with the generated types does a counter's first minutes of work.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import createClient from "openapi-fetch";
import type { components, paths } from "./schema.js";

const baseUrl = process.env.DUNGHEN_URL ?? "http://127.0.0.1:8080";
const client = createClient<paths>({
  baseUrl,
  // Lists in parameters are words with commas between them, which openapi-fetch must be told.
  querySerializer: { array: { style: "form", explode: false } },
});

const session = await client.POST("/api/v1/auth/sessions", {
  body: { username: "one_stop", password: process.env.DUNGHEN_PASSWORD ?? "dunghen-demo-2022" },
});
assert(session.data, `sign in: ${session.response.status}`);
const { access_token } = session.data;
client.use({
  onRequest({ request }) {
    request.headers.set("Authorization", `Bearer ${access_token}`);
    return request;
  },
});

const listed = await client.GET("/api/v1/dossiers", { params: { query: { limit: 2, status: ["processing", "accepted"] } } });
assert(listed.data && listed.data.items.length === 2 && listed.data.page.limit === 2);

// A list that was asked for some fields only lacks the others; this one was not.
const procedure = listed.data.items[0]!.procedure;
assert(procedure);

const key = randomUUID();
const body: components["schemas"]["NewDossier"] = {
  procedure,
  receiving_department: "MC",
  channel: "direct",
  applicant: { kind: "citizen", name: "Nguyễn Văn A" },
};
const receive = () => client.POST("/api/v1/dossiers", { params: { header: { "Idempotency-Key": key } }, body });
const made = await receive();
assert(made.data, JSON.stringify(made.error));
const again = await receive();
assert.equal(again.data?.id, made.data.id);
assert.equal(again.response.headers.get("idempotency-replayed"), "true");

const id = made.data.id;
const etag = made.response.headers.get("etag");
assert(etag);
const accept = (version: string) =>
  client.POST("/api/v1/dossiers/{id}/acceptance", { params: { path: { id }, header: { "If-Match": version } }, body: {} });
const stale = await accept('"99"');
assert.equal(stale.response.status, 412);
assert.equal(stale.error?.code, "version_mismatch");
const accepted = await accept(etag);
assert.equal(accepted.data?.status, "accepted", JSON.stringify(accepted.error));

const broken = await client.POST("/api/v1/dossiers", { body: { ...body, procedure: "khong-co" } });
assert.equal(broken.response.status, 422);
assert.equal(broken.response.headers.get("content-type"), "application/problem+json");
assert(broken.error && broken.error.errors.some((fault) => fault.pointer === "/procedure"));
console.log("typescript client: signed in, listed, received, accepted, told what was wrong");
