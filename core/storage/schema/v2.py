"""Version 2: customers, agreements and additions, quantity rules, runs, closed months, schedule.

`run`, `run_change`, `run_customer`, `run_event`, `journal`, `month_closing`, `customer_history`
and `schedule_log` are only ever added to, see `core.storage.append_only`.
"""

from __future__ import annotations

from core.storage.schema.migration import Migration

_TENANT = """
CREATE TABLE store.tenant (
    id VARCHAR PRIMARY KEY,
    name VARCHAR NOT NULL,
    billing_type VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    data_region VARCHAR NOT NULL,
    products VARCHAR NOT NULL
)"""

_TENANT_SNAPSHOT = """
CREATE TABLE store.tenant_snapshot (
    id INTEGER PRIMARY KEY,
    listed_at TIMESTAMP NOT NULL
)"""

_COMPANY = """
CREATE TABLE store.company (
    id BIGINT PRIMARY KEY,
    identifier VARCHAR NOT NULL,
    name VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    deleted BOOLEAN NOT NULL
)"""

_AGREEMENT = """
CREATE TABLE store.agreement (
    id BIGINT PRIMARY KEY,
    name VARCHAR NOT NULL,
    company_id BIGINT NOT NULL,
    company_name VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    type_id BIGINT,
    type_name VARCHAR,
    start_date DATE,
    end_date DATE,
    bill_start_date DATE,
    next_invoice_date DATE,
    prorate BOOLEAN NOT NULL,
    cancelled BOOLEAN NOT NULL,
    last_updated TIMESTAMP
)"""

_CONNECTWISE_SNAPSHOT = """
CREATE TABLE store.connectwise_snapshot (
    id INTEGER PRIMARY KEY,
    read_at TIMESTAMP NOT NULL
)"""

_CUSTOMER_MAPPING = """
CREATE TABLE store.customer_mapping (
    customer_id VARCHAR PRIMARY KEY,
    company_id BIGINT,
    agreement_id BIGINT,
    sync BOOLEAN NOT NULL,
    since TIMESTAMP NOT NULL,
    version INTEGER NOT NULL
)"""

_CUSTOMER_HISTORY = """
CREATE TABLE store.customer_history (
    id VARCHAR PRIMARY KEY,
    position BIGINT NOT NULL,
    customer_id VARCHAR NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    changed_by VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    old_value VARCHAR NOT NULL,
    new_value VARCHAR NOT NULL
)"""

_QUANTITY_RULE = """
CREATE TABLE store.quantity_rule (
    product_code VARCHAR PRIMARY KEY,
    basis VARCHAR NOT NULL,
    multiplier DECIMAL(38, 12) NOT NULL,
    included DECIMAL(38, 12) NOT NULL,
    rounding VARCHAR NOT NULL,
    minimum DECIMAL(38, 12) NOT NULL
)"""

_BUNDLE_RULE = """
CREATE TABLE store.bundle_rule (
    connectwise_product_id BIGINT PRIMARY KEY,
    combine VARCHAR NOT NULL,
    driver VARCHAR NOT NULL
)"""

_RULE_OVERRIDE = """
CREATE TABLE store.rule_override (
    customer_id VARCHAR,
    product_code VARCHAR,
    basis VARCHAR,
    multiplier DECIMAL(38, 12),
    included DECIMAL(38, 12),
    rounding VARCHAR,
    minimum DECIMAL(38, 12),
    PRIMARY KEY (customer_id, product_code)
)"""

_ADDITION = """
CREATE TABLE store.addition (
    id BIGINT PRIMARY KEY,
    agreement_id BIGINT NOT NULL,
    product_id BIGINT NOT NULL,
    product_name VARCHAR NOT NULL,
    quantity DECIMAL(38, 12) NOT NULL,
    less_included DECIMAL(38, 12) NOT NULL,
    bill_customer VARCHAR NOT NULL,
    unit_price DECIMAL(38, 12),
    unit_cost DECIMAL(38, 12),
    effective_date DATE,
    cancelled_date DATE,
    description VARCHAR NOT NULL,
    serial_number VARCHAR NOT NULL,
    last_updated TIMESTAMP,
    updated_by VARCHAR NOT NULL
)"""

_ADDITIONS_READ = """
CREATE TABLE store.additions_read (
    agreement_id BIGINT PRIMARY KEY,
    read_at TIMESTAMP NOT NULL
)"""

_BINDING = """
CREATE TABLE store.binding (
    agreement_id BIGINT,
    product_id BIGINT,
    addition_id BIGINT NOT NULL,
    month VARCHAR NOT NULL,
    quantity DECIMAL(38, 12) NOT NULL,
    PRIMARY KEY (agreement_id, product_id)
)"""

_RUN = """
CREATE TABLE store.run (
    id VARCHAR PRIMARY KEY,
    number INTEGER NOT NULL,
    month VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    approved_by VARCHAR NOT NULL,
    approved_at TIMESTAMP NOT NULL,
    options VARCHAR NOT NULL,
    limits VARCHAR NOT NULL,
    override_reason VARCHAR NOT NULL,
    retry_of VARCHAR NOT NULL,
    undo_of VARCHAR NOT NULL,
    change_count BIGINT NOT NULL
)"""

_RUN_CHANGE = """
CREATE TABLE store.run_change (
    run_id VARCHAR,
    change_number BIGINT,
    content VARCHAR NOT NULL,
    names VARCHAR NOT NULL,
    PRIMARY KEY (run_id, change_number)
)"""

_RUN_CUSTOMER = """
CREATE TABLE store.run_customer (
    run_id VARCHAR,
    change_number BIGINT,
    customer_id VARCHAR,
    PRIMARY KEY (run_id, change_number, customer_id)
)"""

_RUN_EVENT = """
CREATE TABLE store.run_event (
    run_id VARCHAR,
    position BIGINT,
    kind VARCHAR NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    done_by VARCHAR NOT NULL,
    reason VARCHAR,
    remedy VARCHAR,
    read_count BIGINT NOT NULL,
    write_count BIGINT NOT NULL,
    PRIMARY KEY (run_id, position)
)"""

_JOURNAL = """
CREATE TABLE store.journal (
    run_id VARCHAR,
    position BIGINT,
    change_number BIGINT NOT NULL,
    outcome VARCHAR NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    addition_id BIGINT,
    product_id BIGINT,
    reason VARCHAR,
    remedy VARCHAR,
    detail VARCHAR NOT NULL,
    PRIMARY KEY (run_id, position)
)"""

_MONTH_CLOSING = """
CREATE TABLE store.month_closing (
    position BIGINT PRIMARY KEY,
    month VARCHAR NOT NULL,
    closed BOOLEAN NOT NULL,
    happened_at TIMESTAMP NOT NULL,
    done_by VARCHAR NOT NULL,
    reason VARCHAR NOT NULL
)"""

_WAITING_PLAN = """
CREATE TABLE store.waiting_plan (
    id VARCHAR PRIMARY KEY,
    month VARCHAR NOT NULL,
    digest VARCHAR NOT NULL,
    made_at TIMESTAMP NOT NULL,
    changes BIGINT NOT NULL,
    blocked BIGINT NOT NULL,
    exceeded BIGINT NOT NULL,
    price_effect VARCHAR NOT NULL
)"""

_SCHEDULE_LOG = """
CREATE TABLE store.schedule_log (
    position BIGINT PRIMARY KEY,
    happened_at TIMESTAMP NOT NULL,
    due_at TIMESTAMP NOT NULL,
    month VARCHAR NOT NULL,
    result VARCHAR NOT NULL
)"""

MIGRATION = Migration(
    2,
    "customers, additions, rules, runs, closed months and schedule",
    (
        _TENANT,
        _TENANT_SNAPSHOT,
        _COMPANY,
        _AGREEMENT,
        _CONNECTWISE_SNAPSHOT,
        _CUSTOMER_MAPPING,
        _CUSTOMER_HISTORY,
        _QUANTITY_RULE,
        _BUNDLE_RULE,
        _RULE_OVERRIDE,
        _ADDITION,
        _ADDITIONS_READ,
        _BINDING,
        _RUN,
        _RUN_CHANGE,
        _RUN_CUSTOMER,
        _RUN_EVENT,
        _JOURNAL,
        _MONTH_CLOSING,
        _WAITING_PLAN,
        _SCHEDULE_LOG,
    ),
)
