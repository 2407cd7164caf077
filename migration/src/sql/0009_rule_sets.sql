-- The law that held on a day, as data: legal texts, standard forms, grounds. Law changed in mid-2025 and will change again:
-- an office corrects a title or adds a set without a release.

CREATE TABLE rule_sets (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT rule_set_code_key UNIQUE
        CONSTRAINT rule_set_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT rule_set_name_check CHECK (btrim(name) <> ''),
    valid_from date NOT NULL,
    valid_to date,
    legal_bases jsonb NOT NULL DEFAULT '[]',
    forms_source text NOT NULL CONSTRAINT rule_set_forms_source_check CHECK (btrim(forms_source) <> ''),
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT rule_set_validity_check CHECK (valid_from <= valid_to),
    -- Judged at the end of the transaction: a change moves the borders of two neighbours.
    CONSTRAINT rule_set_overlap_excl EXCLUDE USING gist (daterange(valid_from, valid_to, '[]') WITH &&) DEFERRABLE INITIALLY DEFERRED
);

CREATE TABLE rule_set_forms (
    rule_set_id uuid NOT NULL CONSTRAINT rule_set_form_set_fkey REFERENCES rule_sets (id) ON DELETE CASCADE,
    kind text NOT NULL CONSTRAINT rule_set_form_kind_check CHECK (kind IN
        ('receipt', 'supplement', 'refusal', 'apology', 'stop', 'control', 'register')),
    number text CONSTRAINT rule_set_form_number_check CHECK (btrim(number) <> ''),
    title text NOT NULL CONSTRAINT rule_set_form_title_check CHECK (btrim(title) <> ''),
    page_size text NOT NULL CONSTRAINT rule_set_form_page_size_check CHECK (page_size IN ('a4', 'a5')),
    PRIMARY KEY (rule_set_id, kind)
);

CREATE TABLE rule_set_grounds (
    rule_set_id uuid NOT NULL CONSTRAINT rule_set_ground_set_fkey REFERENCES rule_sets (id) ON DELETE CASCADE,
    act text NOT NULL CONSTRAINT rule_set_ground_act_check CHECK (act IN
        ('non_acceptance', 'supplement', 'suspension', 'apology', 'refusal', 'termination')),
    ground text NOT NULL CONSTRAINT rule_set_ground_ground_check CHECK (btrim(ground) <> ''),
    PRIMARY KEY (rule_set_id, act)
);

-- What a dossier was accepted under stays with it; sets are never deleted while a dossier keeps one.
ALTER TABLE dossiers ADD COLUMN rule_set_id uuid
    CONSTRAINT dossier_rule_set_fkey REFERENCES rule_sets (id) ON DELETE RESTRICT,
    ADD CONSTRAINT dossier_rule_set_check CHECK (rule_set_id IS NULL OR accepted_at IS NOT NULL);
CREATE INDEX dossier_rule_set_idx ON dossiers (rule_set_id);

COMMENT ON TABLE rule_sets IS 'The law of handling dossiers that held from one day to another; validities follow each other without gap or overlap';
COMMENT ON COLUMN rule_sets.id IS 'UUIDv7';
COMMENT ON COLUMN rule_sets.code IS 'Natural key, safe in a URL';
COMMENT ON COLUMN rule_sets.name IS 'For people, in Vietnamese';
COMMENT ON COLUMN rule_sets.valid_from IS 'First day: dossiers accepted from then on keep this set';
COMMENT ON COLUMN rule_sets.valid_to IS 'Last day, the one before the next set begins; null for the set that has no successor yet';
COMMENT ON COLUMN rule_sets.legal_bases IS 'The legal texts: a list of number, title, issued_on';
COMMENT ON COLUMN rule_sets.forms_source IS 'The text that the forms are issued with, as printed on them';
COMMENT ON COLUMN rule_sets.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN rule_sets.created_at IS 'When the row was written first';
COMMENT ON COLUMN rule_sets.updated_at IS 'When the row was written last';
COMMENT ON TABLE rule_set_forms IS 'What each slip is called under a rule set';
COMMENT ON COLUMN rule_set_forms.rule_set_id IS 'The rule set';
COMMENT ON COLUMN rule_set_forms.kind IS 'The slip, or the register';
COMMENT ON COLUMN rule_set_forms.number IS 'Number of the standard form; null where the law gives none and the slip is a plain notice';
COMMENT ON COLUMN rule_set_forms.title IS 'As printed';
COMMENT ON COLUMN rule_set_forms.page_size IS 'Paper that it is printed on';
COMMENT ON TABLE rule_set_grounds IS 'The legal grounds of acts under a rule set';
COMMENT ON COLUMN rule_set_grounds.rule_set_id IS 'The rule set';
COMMENT ON COLUMN rule_set_grounds.act IS 'The act';
COMMENT ON COLUMN rule_set_grounds.ground IS 'What is cited, as printed; for a suspension what clients offer as its legal basis';
COMMENT ON COLUMN dossiers.rule_set_id IS 'The law it was accepted under, which never changes with later validities; null before acceptance and before the first set';

-- The one-stop mechanism: decree 61/2018 in force on 21 June 2018, amended by 107/2021, repealed from 1 July 2025 by decree
-- 118/2025, which 367/2025 amends. Grounds name no article where none is certain; an office adds it with PUT.
INSERT INTO rule_sets (id, code, name, valid_from, valid_to, legal_bases, forms_source) VALUES
    ('01641e23-7e80-7000-8000-000000000061', 'nd61-2018', 'Nghị định 61/2018/NĐ-CP, sửa đổi bởi Nghị định 107/2021/NĐ-CP', '2018-06-21', '2025-06-30',
     '[{"number": "61/2018/NĐ-CP", "title": "Nghị định về thực hiện cơ chế một cửa, một cửa liên thông trong giải quyết thủ tục hành chính", "issued_on": "2018-04-23"},
       {"number": "01/2018/TT-VPCP", "title": "Thông tư hướng dẫn thi hành một số quy định của Nghị định số 61/2018/NĐ-CP", "issued_on": "2018-11-23"},
       {"number": "107/2021/NĐ-CP", "title": "Nghị định sửa đổi, bổ sung một số điều của Nghị định số 61/2018/NĐ-CP", "issued_on": "2021-12-06"}]',
     'Thông tư số 01/2018/TT-VPCP'),
    ('0197c1c8-0280-7000-8000-000000000118', 'nd118-2025', 'Nghị định 118/2025/NĐ-CP, sửa đổi bởi Nghị định 367/2025/NĐ-CP', '2025-07-01', NULL,
     '[{"number": "118/2025/NĐ-CP", "title": "Nghị định về thực hiện thủ tục hành chính theo cơ chế một cửa, một cửa liên thông tại Bộ phận Một cửa và Cổng Dịch vụ công quốc gia", "issued_on": "2025-06-09"},
       {"number": "03/2025/TT-VPCP", "title": "Thông tư hướng dẫn thi hành một số quy định của Nghị định số 118/2025/NĐ-CP", "issued_on": null},
       {"number": "367/2025/NĐ-CP", "title": "Nghị định sửa đổi, bổ sung một số điều của Nghị định số 118/2025/NĐ-CP", "issued_on": null}]',
     'Thông tư số 03/2025/TT-VPCP');

INSERT INTO rule_set_forms (rule_set_id, kind, number, title, page_size)
SELECT r.id, f.kind, f.number, f.title, f.page_size
  FROM rule_sets r JOIN (VALUES
    ('nd61-2018', 'receipt', '01', 'Giấy tiếp nhận hồ sơ và hẹn trả kết quả', 'a5'),
    ('nd61-2018', 'supplement', '02', 'Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ', 'a5'),
    ('nd61-2018', 'refusal', '03', 'Phiếu từ chối tiếp nhận giải quyết hồ sơ', 'a5'),
    ('nd61-2018', 'apology', '04', 'Phiếu xin lỗi và hẹn lại ngày trả kết quả', 'a5'),
    ('nd61-2018', 'stop', NULL, 'Thông báo dừng giải quyết hồ sơ', 'a4'),
    ('nd61-2018', 'control', '05', 'Phiếu kiểm soát quá trình giải quyết hồ sơ', 'a5'),
    ('nd61-2018', 'register', '06', 'Sổ theo dõi hồ sơ', 'a4'),
    ('nd118-2025', 'receipt', '01', 'Giấy tiếp nhận hồ sơ và hẹn trả kết quả', 'a5'),
    ('nd118-2025', 'supplement', '02', 'Phiếu yêu cầu bổ sung, hoàn thiện hồ sơ', 'a5'),
    ('nd118-2025', 'refusal', '03', 'Phiếu từ chối tiếp nhận giải quyết hồ sơ', 'a5'),
    ('nd118-2025', 'apology', '04', 'Văn bản xin lỗi và đề nghị gia hạn thời gian giải quyết', 'a5'),
    ('nd118-2025', 'stop', '05', 'Thông báo dừng giải quyết hồ sơ', 'a5'),
    ('nd118-2025', 'control', '06', 'Phiếu kiểm soát quá trình giải quyết hồ sơ', 'a5'),
    ('nd118-2025', 'register', '07', 'Sổ theo dõi hồ sơ', 'a4')
  ) AS f (code, kind, number, title, page_size) ON f.code = r.code;

INSERT INTO rule_set_grounds (rule_set_id, act, ground)
SELECT r.id, g.act, g.ground
  FROM rule_sets r JOIN (VALUES
    ('nd61-2018', 'non_acceptance', 'Nghị định số 61/2018/NĐ-CP'),
    ('nd61-2018', 'supplement', 'Điều 19 Nghị định số 61/2018/NĐ-CP'),
    ('nd61-2018', 'suspension', 'quy định của pháp luật chuyên ngành về tạm dừng giải quyết hồ sơ'),
    ('nd61-2018', 'apology', 'khoản 9 Điều 19 Nghị định số 61/2018/NĐ-CP'),
    ('nd61-2018', 'refusal', 'Điều 19 Nghị định số 61/2018/NĐ-CP'),
    ('nd61-2018', 'termination', 'Nghị định số 61/2018/NĐ-CP và quy định của pháp luật chuyên ngành'),
    ('nd118-2025', 'non_acceptance', 'Nghị định số 118/2025/NĐ-CP'),
    ('nd118-2025', 'supplement', 'Nghị định số 118/2025/NĐ-CP'),
    ('nd118-2025', 'suspension', 'quy định của pháp luật chuyên ngành về tạm dừng giải quyết hồ sơ'),
    ('nd118-2025', 'apology', 'Nghị định số 118/2025/NĐ-CP'),
    ('nd118-2025', 'refusal', 'Nghị định số 118/2025/NĐ-CP'),
    ('nd118-2025', 'termination', 'Nghị định số 118/2025/NĐ-CP')
  ) AS g (code, act, ground) ON g.code = r.code;
