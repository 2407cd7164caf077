-- The register of documents: what an agency sends out (văn bản đi) and what it receives (văn bản đến), book by book.

CREATE TABLE document_kinds (
    code text PRIMARY KEY CONSTRAINT document_kind_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL CONSTRAINT document_kind_name_check CHECK (btrim(name) <> '')
);

CREATE TABLE documents (
    id uuid PRIMARY KEY,
    code text NOT NULL CONSTRAINT document_code_key UNIQUE
        CONSTRAINT document_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    direction text NOT NULL CONSTRAINT document_direction_check CHECK (direction IN ('outgoing', 'incoming')),
    agency_id uuid NOT NULL CONSTRAINT document_agency_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    book text NOT NULL CONSTRAINT document_book_check CHECK (book ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    year integer NOT NULL CONSTRAINT document_year_check CHECK (year BETWEEN 1900 AND 2200),
    number text NOT NULL CONSTRAINT document_number_check CHECK (btrim(number) <> '' AND number IS NFC NORMALIZED),
    sequence bigint,
    symbol text,
    document_number text,
    kind text NOT NULL CONSTRAINT document_kind_fkey REFERENCES document_kinds (code) ON DELETE RESTRICT,
    issued_on date NOT NULL,
    arrived_on date,
    registered_on date NOT NULL GENERATED ALWAYS AS (coalesce(arrived_on, issued_on)) STORED,
    sender text,
    recipients text[] NOT NULL DEFAULT '{}',
    summary text NOT NULL CONSTRAINT document_summary_check CHECK (btrim(summary) <> ''),
    signer text,
    department_id uuid CONSTRAINT document_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    drafted_in_e_office boolean NOT NULL DEFAULT false,
    approved_in_e_office boolean NOT NULL DEFAULT false,
    sent_electronically boolean NOT NULL DEFAULT false,
    sent_at timestamptz,
    secrecy text NOT NULL CONSTRAINT document_secrecy_check CHECK (secrecy IN ('normal', 'confidential', 'secret', 'top_secret')),
    urgency text NOT NULL CONSTRAINT document_urgency_check CHECK (urgency IN ('normal', 'urgent', 'very_urgent', 'flash')),
    replies_to text,
    task_code text,
    dossier_code text,
    source_system text NOT NULL,
    external_code text,
    note text,
    voided_at timestamptz,
    void_reason text,
    search tsvector NOT NULL,
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    -- Voided ones too: their number stays taken.
    CONSTRAINT document_number_key UNIQUE (agency_id, direction, book, year, number),
    CONSTRAINT document_arrived_check CHECK ((direction = 'incoming') = (arrived_on IS NOT NULL)),
    CONSTRAINT document_outgoing_check CHECK (direction = 'incoming' OR (document_number IS NOT NULL AND department_id IS NOT NULL)),
    CONSTRAINT document_incoming_check CHECK (direction = 'outgoing'
        OR (sender IS NOT NULL AND NOT drafted_in_e_office AND NOT approved_in_e_office AND NOT sent_electronically)),
    CONSTRAINT document_sent_check CHECK (sent_at IS NULL OR sent_electronically),
    CONSTRAINT document_voided_check CHECK ((voided_at IS NULL) = (void_reason IS NULL))
);
CREATE INDEX document_registered_idx ON documents (registered_on, coalesce(sequence, 0), id);
CREATE INDEX document_department_idx ON documents (department_id, registered_on, coalesce(sequence, 0), id);
CREATE INDEX document_kind_idx ON documents (kind);
CREATE INDEX document_task_idx ON documents (task_code) WHERE task_code IS NOT NULL;
CREATE INDEX document_dossier_idx ON documents (dossier_code) WHERE dossier_code IS NOT NULL;
CREATE INDEX document_replies_to_idx ON documents (replies_to) WHERE replies_to IS NOT NULL;
CREATE INDEX document_search_idx ON documents USING gin (search);
-- The indicators count what went out in a period.
CREATE INDEX document_outgoing_idx ON documents (issued_on)
    INCLUDE (department_id, secrecy, drafted_in_e_office, approved_in_e_office, sent_electronically, sent_at, voided_at)
    WHERE direction = 'outgoing';

COMMENT ON TABLE document_kinds IS 'Kinds of documents (tên loại văn bản)';
COMMENT ON COLUMN document_kinds.code IS 'Natural key';
COMMENT ON COLUMN document_kinds.name IS 'Name, in Vietnamese';

COMMENT ON TABLE documents IS 'The register of outgoing and incoming documents';
COMMENT ON COLUMN documents.id IS 'Identity, UUIDv7';
COMMENT ON COLUMN documents.code IS 'Natural key: given by the source, or made of agency, book, year and number';
COMMENT ON COLUMN documents.direction IS 'outgoing (văn bản đi) or incoming (văn bản đến)';
COMMENT ON COLUMN documents.agency_id IS 'Whose register it is';
COMMENT ON COLUMN documents.book IS 'Code of the book (sổ) that numbers run in';
COMMENT ON COLUMN documents.year IS 'Year of the book: that of the day of issue, of arrival for incoming ones';
COMMENT ON COLUMN documents.number IS 'Number in the book as printed; of incoming ones the number of arrival. Unique for agency, direction, book and year';
COMMENT ON COLUMN documents.sequence IS 'What the number begins with, as a number; lists go by it';
COMMENT ON COLUMN documents.symbol IS 'What follows the number: KH-SKHĐT';
COMMENT ON COLUMN documents.document_number IS 'The full number as printed: 1186/KH-SKHĐT; of incoming ones that of the sender';
COMMENT ON COLUMN documents.kind IS 'Kind of document';
COMMENT ON COLUMN documents.issued_on IS 'Date that the document bears';
COMMENT ON COLUMN documents.arrived_on IS 'Day of arrival of an incoming document';
COMMENT ON COLUMN documents.registered_on IS 'The day that it stands in the book at: of arrival, else of issue';
COMMENT ON COLUMN documents.sender IS 'Who sent an incoming document';
COMMENT ON COLUMN documents.recipients IS 'To whom it is addressed (nơi nhận)';
COMMENT ON COLUMN documents.summary IS 'What it is about (trích yếu)';
COMMENT ON COLUMN documents.signer IS 'Who signed it';
COMMENT ON COLUMN documents.department_id IS 'Who drafted an outgoing document, or handles an incoming one; sight goes by it';
COMMENT ON COLUMN documents.drafted_in_e_office IS 'Whether it was drafted in E-Office';
COMMENT ON COLUMN documents.approved_in_e_office IS 'Whether it was approved in E-Office';
COMMENT ON COLUMN documents.sent_electronically IS 'Whether it was sent in electronic form';
COMMENT ON COLUMN documents.sent_at IS 'When it was sent electronically, where that is known';
COMMENT ON COLUMN documents.secrecy IS 'Thường, mật, tối mật, tuyệt mật';
COMMENT ON COLUMN documents.urgency IS 'Thường, khẩn, thượng khẩn, hỏa tốc';
COMMENT ON COLUMN documents.replies_to IS 'Code of the document that it answers; no foreign key, since registers are loaded in any order';
COMMENT ON COLUMN documents.task_code IS 'Code of the task that it concerns; no foreign key, since the plan may be put later';
COMMENT ON COLUMN documents.dossier_code IS 'Code of the dossier that it concerns; no foreign key, since dossiers may be loaded later';
COMMENT ON COLUMN documents.source_system IS 'Where the entry comes from';
COMMENT ON COLUMN documents.external_code IS 'Its code there';
COMMENT ON COLUMN documents.note IS 'Free text';
COMMENT ON COLUMN documents.voided_at IS 'When the entry was voided';
COMMENT ON COLUMN documents.void_reason IS 'Why it was voided';
COMMENT ON COLUMN documents.search IS 'Words of number, summary, sender, recipients and signer without accents';
COMMENT ON COLUMN documents.version IS 'Counts the changes; the ETag of the resource';
COMMENT ON COLUMN documents.created_at IS 'When it was first recorded';
COMMENT ON COLUMN documents.updated_at IS 'When it was last changed';

-- The kinds of administrative documents of decree 30/2020, article 7, with those that registers keep besides.
INSERT INTO document_kinds (code, name) VALUES
    ('nghi-quyet', 'Nghị quyết'), ('quyet-dinh', 'Quyết định'), ('chi-thi', 'Chỉ thị'), ('quy-che', 'Quy chế'),
    ('quy-dinh', 'Quy định'), ('thong-cao', 'Thông cáo'), ('thong-bao', 'Thông báo'), ('huong-dan', 'Hướng dẫn'),
    ('chuong-trinh', 'Chương trình'), ('ke-hoach', 'Kế hoạch'), ('phuong-an', 'Phương án'), ('de-an', 'Đề án'), ('du-an', 'Dự án'),
    ('bao-cao', 'Báo cáo'), ('bien-ban', 'Biên bản'), ('to-trinh', 'Tờ trình'), ('hop-dong', 'Hợp đồng'), ('cong-van', 'Công văn'),
    ('cong-dien', 'Công điện'), ('ban-ghi-nho', 'Bản ghi nhớ'), ('ban-thoa-thuan', 'Bản thỏa thuận'), ('giay-uy-quyen', 'Giấy ủy quyền'),
    ('giay-moi', 'Giấy mời'), ('giay-gioi-thieu', 'Giấy giới thiệu'), ('giay-nghi-phep', 'Giấy nghỉ phép'), ('phieu-gui', 'Phiếu gửi'),
    ('phieu-chuyen', 'Phiếu chuyển'), ('phieu-bao', 'Phiếu báo'), ('thu-cong', 'Thư công'), ('giay-chung-nhan', 'Giấy chứng nhận'),
    ('luat', 'Luật'), ('nghi-dinh', 'Nghị định'), ('thong-tu', 'Thông tư'), ('don-thu', 'Đơn, thư'), ('khac', 'Loại khác');
