"""Version 1: product mappings, the catalog, usage and settings."""

from __future__ import annotations

from core.storage.schema.migration import Migration

_INFO = """
CREATE TABLE store.store_info (
    name VARCHAR PRIMARY KEY,
    value VARCHAR NOT NULL
)"""

_SETTING = """
CREATE TABLE store.setting (
    key VARCHAR PRIMARY KEY,
    value VARCHAR NOT NULL,
    changed_by VARCHAR NOT NULL,
    changed_at TIMESTAMP NOT NULL
)"""

_PRODUCT_MAPPING = """
CREATE TABLE store.product_mapping (
    product_code VARCHAR PRIMARY KEY,
    connectwise_product_id BIGINT,
    sync BOOLEAN NOT NULL,
    stopped BOOLEAN NOT NULL,
    state VARCHAR NOT NULL,
    since TIMESTAMP NOT NULL,
    reason VARCHAR,
    version INTEGER NOT NULL
)"""

_MAPPING_HISTORY = """
CREATE TABLE store.mapping_history (
    id VARCHAR PRIMARY KEY,
    position BIGINT NOT NULL,
    product_code VARCHAR NOT NULL,
    changed_at TIMESTAMP NOT NULL,
    changed_by VARCHAR NOT NULL,
    origin VARCHAR NOT NULL,
    field VARCHAR NOT NULL,
    old_value VARCHAR NOT NULL,
    new_value VARCHAR NOT NULL
)"""

_SOPHOS_PRODUCT_NAME = """
CREATE TABLE store.sophos_product_name (
    product_code VARCHAR,
    month VARCHAR,
    description VARCHAR,
    product_group VARCHAR NOT NULL,
    line_count BIGINT NOT NULL,
    observed_at TIMESTAMP NOT NULL,
    PRIMARY KEY (product_code, month, description)
)"""

_CATALOG_SNAPSHOT = """
CREATE TABLE store.catalog_snapshot (
    id INTEGER PRIMARY KEY,
    fetched_at TIMESTAMP NOT NULL,
    entry_count BIGINT NOT NULL
)"""

_CATALOG_ENTRY = """
CREATE TABLE store.catalog_entry (
    id BIGINT PRIMARY KEY,
    identifier VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    category VARCHAR NOT NULL,
    subcategory VARCHAR NOT NULL,
    type VARCHAR NOT NULL,
    product_class VARCHAR NOT NULL,
    unit_of_measure VARCHAR NOT NULL,
    price DECIMAL(38, 12),
    cost DECIMAL(38, 12),
    inactive BOOLEAN NOT NULL,
    integration_xref VARCHAR NOT NULL,
    last_updated TIMESTAMP,
    put_at TIMESTAMP
)"""

_USAGE_FETCH = """
CREATE TABLE store.usage_fetch (
    id VARCHAR PRIMARY KEY,
    position BIGINT NOT NULL,
    month VARCHAR NOT NULL,
    source VARCHAR NOT NULL,
    status VARCHAR NOT NULL,
    started_at TIMESTAMP NOT NULL,
    finished_at TIMESTAMP NOT NULL,
    line_count BIGINT NOT NULL,
    content_hash VARCHAR NOT NULL,
    error VARCHAR NOT NULL,
    fetched_by VARCHAR NOT NULL
)"""

_USAGE_LINE = """
CREATE TABLE store.usage_line (
    fetch_id VARCHAR,
    line_number BIGINT,
    product_code VARCHAR NOT NULL,
    description VARCHAR NOT NULL,
    product_group VARCHAR NOT NULL,
    sku VARCHAR NOT NULL,
    account_id VARCHAR,
    account_name VARCHAR NOT NULL,
    account_status VARCHAR NOT NULL,
    order_number VARCHAR NOT NULL,
    order_line_item_number VARCHAR NOT NULL,
    account_number_or_serial_number VARCHAR NOT NULL,
    billable_quantity DECIMAL(38, 12) NOT NULL,
    actual_quantity DECIMAL(38, 12),
    ordered_quantity DECIMAL(38, 12),
    external_id VARCHAR,
    billing_start_date VARCHAR NOT NULL,
    billing_end_date VARCHAR NOT NULL,
    unit_price DECIMAL(38, 12),
    unit_price_currency VARCHAR NOT NULL,
    unit_msrp DECIMAL(38, 12),
    unit_msrp_currency VARCHAR NOT NULL,
    net_price DECIMAL(38, 12),
    net_price_currency VARCHAR NOT NULL,
    price_with_taxes DECIMAL(38, 12),
    price_with_taxes_currency VARCHAR NOT NULL,
    PRIMARY KEY (fetch_id, line_number)
)"""

_USAGE = """
CREATE TABLE store.usage (
    month VARCHAR,
    account_id VARCHAR,
    product_code VARCHAR,
    billable DECIMAL(38, 12) NOT NULL,
    actual DECIMAL(38, 12) NOT NULL,
    ordered DECIMAL(38, 12) NOT NULL,
    lines BIGINT NOT NULL,
    fetch_id VARCHAR NOT NULL,
    PRIMARY KEY (month, account_id, product_code)
)"""

MIGRATION = Migration(
    1,
    "product mappings, catalog, usage and settings",
    (
        _INFO,
        _SETTING,
        _PRODUCT_MAPPING,
        _MAPPING_HISTORY,
        _SOPHOS_PRODUCT_NAME,
        _CATALOG_SNAPSHOT,
        _CATALOG_ENTRY,
        _USAGE_FETCH,
        _USAGE_LINE,
        _USAGE,
    ),
)
