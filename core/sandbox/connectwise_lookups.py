"""The setup tables: procurement, finance and company lists that other records refer to."""

from __future__ import annotations

from core.sandbox.connectwise_fields import (
    ID,
    INFO,
    Field,
    Fields,
    choice,
    dates,
    flags,
    foreign,
    lists,
    numbers,
    reference,
    required,
    text,
)
from core.sandbox.connectwise_model import Parent, Resource, Rules


def flags_off(*names: str) -> Rules:
    """Rules of a table whose new entries have these flags off, unless they were sent."""
    return Rules(complete=lambda _site, _write: dict.fromkeys(names, False))


_ACTIVE = flags_off("inactiveFlag", "defaultFlag")
_NAME: Fields = {**ID, **text("name", limit=50, required=True)}

CATEGORIES = Resource(
    "Category",
    "procurement/categories",
    "categories",
    {
        **_NAME,
        **flags("inactiveFlag"),
        **text("priceLevelXref", limit=10),
        **text("integrationXref", limit=50),
        **lists("locationIds"),
        **flags("defaultFlag", "addAllLocations", "removeAllLocations"),
        **INFO,
    },
    _ACTIVE,
)
SUBCATEGORIES = Resource(
    "SubCategory",
    "procurement/subcategories",
    "subcategories",
    {
        **_NAME,
        **flags("inactiveFlag"),
        **text("integrationXref", limit=50),
        **flags("defaultFlag"),
        "category": reference("category", required=True),
        **INFO,
    },
    _ACTIVE,
)
CATEGORY_SUBCATEGORIES = Resource(
    "LegacySubCategory",
    "procurement/categories/{parentId}/subcategories",
    "subcategories",
    {**_NAME, **flags("inactiveFlag"), **INFO},
    flags_off("inactiveFlag"),
    Parent("Category", "categories", "category", is_reference=True),
)
PRODUCT_TYPES = Resource(
    "ProductType",
    "procurement/types",
    "types",
    {
        **_NAME,
        **flags("inactiveFlag"),
        "typeXref": choice("InventoryPart", "NonInventoryPart", "OtherCharge", "Service"),
        **flags("defaultFlag"),
        **INFO,
    },
    _ACTIVE,
)
UNITS_OF_MEASURE = Resource(
    "UnitOfMeasure",
    "procurement/unitOfMeasures",
    "unitOfMeasures",
    {**_NAME, **flags("inactiveFlag", "defaultFlag"), **text("uomScheduleXref", limit=31), **INFO},
    _ACTIVE,
)
MANUFACTURERS = Resource(
    "Manufacturer",
    "procurement/manufacturers",
    "manufacturers",
    {**_NAME, **flags("inactiveFlag"), **INFO},
    flags_off("inactiveFlag"),
)
BILLING_CYCLES = Resource(
    "BillingCycle",
    "finance/billingCycles",
    "billingCycles",
    {
        **ID,
        **text("identifier", limit=5, required=True),
        **text("name", limit=50, required=True),
        **flags("defaultFlag"),
        **required(
            {
                "billingOptions": choice(
                    "BiMonthly",
                    "BiWeekly",
                    "Monthly",
                    "NotRecurring",
                    "Quarterly",
                    "SemiAnnual",
                    "Weekly",
                    "Yearly",
                )
            }
        ),
        **INFO,
    },
    flags_off("defaultFlag"),
)


def _tax_levels() -> Fields:
    fields: dict[str, Field] = {}
    for level in ("One", "Two", "Three", "Four", "Five", "Six"):
        prefix = f"level{level}"
        fields |= numbers(f"{prefix}Rate", f"{prefix}TaxableMax")
        fields |= text(f"{prefix}Caption", limit=25) | text(f"{prefix}TaxCodeXref", limit=50)
        fields |= text(f"{prefix}AgencyXref", limit=100)
        fields |= flags(
            f"{prefix}ServicesFlag",
            f"{prefix}ExpensesFlag",
            f"{prefix}ProductsFlag",
            f"{prefix}ApplySingleUnitFlag",
        )
        fields |= numbers(f"{prefix}ApplySingleUnitMin", f"{prefix}ApplySingleUnitMax")
    return fields


TAX_CODES = Resource(
    "TaxCode",
    "finance/taxCodes",
    "taxCodes",
    {
        **ID,
        **text("identifier", limit=8, required=True),
        **text("description", limit=50, required=True),
        **text("invoiceCaption", limit=25, required=True),
        **foreign("country"),
        **required(dates("effectiveDate")),
        **flags("defaultFlag", "displayOnInvoiceFlag", "canadaCalculateGSTFlag"),
        **dates("cancelDate"),
        **_tax_levels(),
        **INFO,
    },
    flags_off("defaultFlag"),
)
COMPANY_STATUSES = Resource(
    "CompanyStatus",
    "company/companies/statuses",
    "companyStatuses",
    {
        **_NAME,
        **flags("defaultFlag", "inactiveFlag", "notifyFlag", "disallowSavingFlag"),
        **text("notificationMessage", limit=500),
        **flags("customNoteFlag", "cancelOpenTracksFlag"),
        **foreign("track"),
        **text("connectWiseId"),
        **INFO,
    },
    flags_off("defaultFlag", "inactiveFlag", "notifyFlag", "disallowSavingFlag"),
)
COMPANY_TYPES = Resource(
    "CompanyType",
    "company/companies/types",
    "companyTypes",
    {
        **_NAME,
        **flags("defaultFlag", "vendorFlag", "serviceAlertFlag"),
        **text("serviceAlertMessage", limit=150),
        **text("connectWiseId"),
        **INFO,
    },
    flags_off("defaultFlag", "vendorFlag", "serviceAlertFlag"),
)

LOOKUPS = (
    CATEGORIES,
    SUBCATEGORIES,
    CATEGORY_SUBCATEGORIES,
    PRODUCT_TYPES,
    UNITS_OF_MEASURE,
    MANUFACTURERS,
    BILLING_CYCLES,
    TAX_CODES,
    COMPANY_STATUSES,
    COMPANY_TYPES,
)
