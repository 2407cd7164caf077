-- Versioned calendars. Version n of a calendar is the days with first_version <= n < last_version; the current days are
-- those without a last_version. `vn` is the base; the calendar of a department is laid over it.

CREATE TABLE calendars (
    code text PRIMARY KEY CONSTRAINT calendar_code_check CHECK (code ~ '^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$'),
    name text NOT NULL,
    department_id uuid CONSTRAINT calendar_department_key UNIQUE
        CONSTRAINT calendar_department_fkey REFERENCES departments (id) ON DELETE RESTRICT,
    off_hours_receipt text NOT NULL DEFAULT 'next_working_day'
        CONSTRAINT calendar_off_hours_receipt_check CHECK (off_hours_receipt IN ('next_working_day', 'same_day')),
    office_hours jsonb NOT NULL DEFAULT '[["07:00","11:30"],["13:30","17:00"]]',
    version integer NOT NULL DEFAULT 1,
    created_at timestamptz NOT NULL DEFAULT now(),
    updated_at timestamptz NOT NULL DEFAULT now(),
    CONSTRAINT calendar_base_check CHECK ((code = 'vn') = (department_id IS NULL))
);

CREATE TABLE calendar_days (
    calendar_code text NOT NULL CONSTRAINT calendar_day_calendar_fkey REFERENCES calendars (code) ON DELETE CASCADE,
    day date NOT NULL,
    first_version integer NOT NULL,
    last_version integer,
    kind text NOT NULL CONSTRAINT calendar_day_kind_check CHECK (kind IN ('day_off', 'make_up')),
    name text NOT NULL,
    PRIMARY KEY (calendar_code, day, first_version),
    CONSTRAINT calendar_day_versions_check CHECK (first_version < last_version)
);
CREATE UNIQUE INDEX calendar_day_current_key ON calendar_days (calendar_code, day) WHERE last_version IS NULL;

COMMENT ON TABLE calendars IS 'Working calendars: the base `vn`, and the local closures of departments laid over it';
COMMENT ON COLUMN calendars.code IS 'What the calendar is called in URLs; `vn` is the base';
COMMENT ON COLUMN calendars.name IS 'For people';
COMMENT ON COLUMN calendars.department_id IS 'The department that it belongs to, with all below that have none of their own; null for the base only';
COMMENT ON COLUMN calendars.off_hours_receipt IS 'To which day a receipt at or after closing time belongs';
COMMENT ON COLUMN calendars.office_hours IS 'Intervals of opening and closing time, in order, not overlapping';
COMMENT ON COLUMN calendars.version IS 'Counts up with every change of the calendar or its days';
COMMENT ON COLUMN calendars.created_at IS 'When the row was written first';
COMMENT ON COLUMN calendars.updated_at IS 'When the row was written last';
COMMENT ON TABLE calendar_days IS 'Days that differ from the week, which works Monday to Friday. A year without any row in the base has no data: nothing can be counted in it';
COMMENT ON COLUMN calendar_days.calendar_code IS 'The calendar';
COMMENT ON COLUMN calendar_days.day IS 'Civil date in Vietnam';
COMMENT ON COLUMN calendar_days.first_version IS 'The first version of the calendar that has this row';
COMMENT ON COLUMN calendar_days.last_version IS 'The first version that no longer has it; null while it is current';
COMMENT ON COLUMN calendar_days.kind IS '`day_off` does not work, `make_up` works whatever its weekday';
COMMENT ON COLUMN calendar_days.name IS 'Why, for people';

-- Days off and make-up days of civil servants, 2021–2027. Statutory holidays: Labour Code 2019, article 112; from 2026
-- also 24 November (Politburo resolution 80-NQ/TW). Swapped days: dispatches 2450/VPCP-KGVX (2024) and 12729/VPCP-KGVX
-- (2026), and the yearly announcements. Tết and September of 2027 are provisional until announced.
INSERT INTO calendars (code, name) VALUES ('vn', 'Lịch làm việc của cơ quan nhà nước');
INSERT INTO calendar_days (calendar_code, day, first_version, kind, name) VALUES
    ('vn', '2021-01-01', 1, 'day_off', 'Tết Dương lịch'),
    ('vn', '2021-02-10', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2021-02-11', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2021-02-12', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2021-02-15', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2021-02-16', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2021-04-21', 1, 'day_off', 'Giỗ Tổ Hùng Vương'),
    ('vn', '2021-04-30', 1, 'day_off', 'Ngày Chiến thắng 30/4'),
    ('vn', '2021-05-03', 1, 'day_off', 'Ngày Quốc tế Lao động (nghỉ bù cho 01/05)'),
    ('vn', '2021-09-02', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2021-09-03', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2022-01-03', 1, 'day_off', 'Tết Dương lịch (nghỉ bù cho 01/01)'),
    ('vn', '2022-01-31', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2022-02-01', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2022-02-02', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2022-02-03', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2022-02-04', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2022-04-11', 1, 'day_off', 'Giỗ Tổ Hùng Vương (nghỉ bù cho 10/04)'),
    ('vn', '2022-05-02', 1, 'day_off', 'Ngày Chiến thắng 30/4 (nghỉ bù cho 30/04)'),
    ('vn', '2022-05-03', 1, 'day_off', 'Ngày Quốc tế Lao động (nghỉ bù cho 01/05)'),
    ('vn', '2022-09-01', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2022-09-02', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2023-01-02', 1, 'day_off', 'Tết Dương lịch (nghỉ bù cho 01/01)'),
    ('vn', '2023-01-20', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2023-01-23', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2023-01-24', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2023-01-25', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2023-01-26', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2023-05-01', 1, 'day_off', 'Ngày Quốc tế Lao động'),
    ('vn', '2023-05-02', 1, 'day_off', 'Giỗ Tổ Hùng Vương (nghỉ bù cho 29/04)'),
    ('vn', '2023-05-03', 1, 'day_off', 'Ngày Chiến thắng 30/4 (nghỉ bù cho 30/04)'),
    ('vn', '2023-09-01', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2023-09-04', 1, 'day_off', 'Quốc khánh (nghỉ bù cho 02/09)'),
    ('vn', '2024-01-01', 1, 'day_off', 'Tết Dương lịch'),
    ('vn', '2024-02-08', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2024-02-09', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2024-02-12', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2024-02-13', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2024-02-14', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2024-04-18', 1, 'day_off', 'Giỗ Tổ Hùng Vương'),
    ('vn', '2024-04-29', 1, 'day_off', 'Nghỉ hoán đổi, làm bù 04/05'),
    ('vn', '2024-04-30', 1, 'day_off', 'Ngày Chiến thắng 30/4'),
    ('vn', '2024-05-01', 1, 'day_off', 'Ngày Quốc tế Lao động'),
    ('vn', '2024-05-04', 1, 'make_up', 'Làm bù cho ngày 29/04'),
    ('vn', '2024-09-02', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2024-09-03', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2025-01-01', 1, 'day_off', 'Tết Dương lịch'),
    ('vn', '2025-01-27', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2025-01-28', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2025-01-29', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2025-01-30', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2025-01-31', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2025-04-07', 1, 'day_off', 'Giỗ Tổ Hùng Vương'),
    ('vn', '2025-04-26', 1, 'make_up', 'Làm bù cho ngày 02/05'),
    ('vn', '2025-04-30', 1, 'day_off', 'Ngày Chiến thắng 30/4'),
    ('vn', '2025-05-01', 1, 'day_off', 'Ngày Quốc tế Lao động'),
    ('vn', '2025-05-02', 1, 'day_off', 'Nghỉ hoán đổi, làm bù 26/04'),
    ('vn', '2025-09-01', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2025-09-02', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2026-01-01', 1, 'day_off', 'Tết Dương lịch'),
    ('vn', '2026-01-02', 1, 'day_off', 'Nghỉ hoán đổi, làm bù 10/01'),
    ('vn', '2026-01-10', 1, 'make_up', 'Làm bù cho ngày 02/01'),
    ('vn', '2026-02-16', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2026-02-17', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2026-02-18', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2026-02-19', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2026-02-20', 1, 'day_off', 'Tết Nguyên đán'),
    ('vn', '2026-04-27', 1, 'day_off', 'Giỗ Tổ Hùng Vương (nghỉ bù cho 26/04)'),
    ('vn', '2026-04-30', 1, 'day_off', 'Ngày Chiến thắng 30/4'),
    ('vn', '2026-05-01', 1, 'day_off', 'Ngày Quốc tế Lao động'),
    ('vn', '2026-08-22', 1, 'make_up', 'Làm bù cho ngày 31/08'),
    ('vn', '2026-08-31', 1, 'day_off', 'Nghỉ hoán đổi, làm bù 22/08'),
    ('vn', '2026-09-01', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2026-09-02', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2026-11-24', 1, 'day_off', 'Ngày Văn hóa Việt Nam'),
    ('vn', '2027-01-01', 1, 'day_off', 'Tết Dương lịch'),
    ('vn', '2027-02-04', 1, 'day_off', 'Tết Nguyên đán (tạm tính)'),
    ('vn', '2027-02-05', 1, 'day_off', 'Tết Nguyên đán (tạm tính)'),
    ('vn', '2027-02-08', 1, 'day_off', 'Tết Nguyên đán (tạm tính)'),
    ('vn', '2027-02-09', 1, 'day_off', 'Tết Nguyên đán (tạm tính)'),
    ('vn', '2027-02-10', 1, 'day_off', 'Tết Nguyên đán (tạm tính)'),
    ('vn', '2027-04-16', 1, 'day_off', 'Giỗ Tổ Hùng Vương'),
    ('vn', '2027-04-30', 1, 'day_off', 'Ngày Chiến thắng 30/4'),
    ('vn', '2027-05-03', 1, 'day_off', 'Ngày Quốc tế Lao động (nghỉ bù cho 01/05)'),
    ('vn', '2027-09-02', 1, 'day_off', 'Quốc khánh'),
    ('vn', '2027-09-03', 1, 'day_off', 'Quốc khánh (tạm tính)'),
    ('vn', '2027-11-24', 1, 'day_off', 'Ngày Văn hóa Việt Nam');
