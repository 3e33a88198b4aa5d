"""Agreements and their types: `/finance/agreements`, `/finance/agreements/types`."""

from __future__ import annotations

from datetime import date
from typing import Any

from core.sandbox.conditions import parse_datetime
from core.sandbox.connectwise_fields import (
    CUSTOM_FIELDS,
    ID,
    INFO,
    Field,
    Fields,
    Kind,
    choice,
    computed,
    days,
    flags,
    foreign,
    integers,
    lists,
    numbers,
    reference,
    required_on_put,
    text,
)
from core.sandbox.connectwise_lookups import flags_off
from core.sandbox.connectwise_model import Record, Resource, Rules, Site, Write

STATUS = computed({"agreementStatus": choice("Active", "Cancelled", "Expired", "Inactive")})

_UNITS = choice("Amount", "Hours", "Incidents")
_CYCLES = choice(
    "Contract2Weeks",
    "Contract4Weeks",
    "ContractYear",
    "CalendarMonth",
    "CalendarQuarter",
    "CalendarWeek",
    "ContractQuarter",
    "CalendarYear",
)
_RATE = choice("Actual", "Hourly")
_NOT_EXCEED = choice("Billing", "Amount", "Percent")
_INVOICING = choice("ContractYear", "CalendarYear")
_BILLED = choice("Billable", "DoNotBill", "NoCharge", "NoDefault")

FIELDS: Fields = {
    **ID,
    **text("name", limit=100, required=True),
    "type": reference("agreementType", required=True),
    "company": reference("company", required=True),
    "contact": reference("contact", required=True),
    **foreign("site", "opportunity", "sla"),
    "subContractCompany": reference("company"),
    "subContractContact": reference("contact"),
    "parentAgreement": reference("agreement"),
    **text("customerPO", limit=50),
    "location": reference("location"),
    "department": reference("department"),
    **flags("restrictLocationFlag", "restrictDepartmentFlag"),
    **days("startDate", "endDate"),
    **flags("noEndingDateFlag", "cancelledFlag"),
    **days("dateCancelled"),
    **text("reasonCancelled", limit=100),
    **text("workOrder", limit=20),
    **text("internalNotes"),
    "applicationUnits": _UNITS,
    **numbers("applicationLimit"),
    "applicationCycle": _CYCLES,
    **flags(
        "applicationUnlimitedFlag",
        "oneTimeFlag",
        "coverAgreementTime",
        "coverAgreementProduct",
        "coverAgreementExpense",
        "coverSalesTax",
        "carryOverUnused",
        "allowOverruns",
    ),
    **integers("expiredDays", "limit"),
    **flags("expireWhenZero", "chargeToFirm"),
    **required_on_put({"employeeCompRate": _RATE}),
    "employeeCompNotExceed": _NOT_EXCEED,
    **numbers("compHourlyRate", "compLimitAmount"),
    "billingCycle": reference("billingCycle"),
    **flags("billOneTimeFlag"),
    **foreign("billingTerms"),
    **required_on_put({"invoicingCycle": _INVOICING}),
    "billToCompany": reference("company"),
    "billToContact": reference("contact"),
    **foreign("billToSite"),
    **numbers("billAmount"),
    **flags("taxable"),
    **numbers("prorateFirstBill"),
    **days("billStartDate"),
    "taxCode": reference("taxCode"),
    **flags("restrictDownPayment", "prorateFlag", "invoiceProratedAdditionsFlag"),
    **text("invoiceDescription"),
    **flags("topComment", "bottomComment"),
    **foreign("workRole", "workType", "projectType", "invoiceTemplate"),
    **required_on_put({"billTime": _BILLED, "billExpenses": _BILLED, "billProducts": _BILLED}),
    **flags("billableTimeInvoice", "billableExpenseInvoice", "billableProductInvoice"),
    "currency": reference("currency"),
    "periodType": choice("Current", "Future", "Both", "Undefined"),
    **flags("autoInvoiceFlag", "billZeroAmountFlag"),
    **days("nextInvoiceDate"),
    "companyLocation": reference("location"),
    "shipToCompany": reference("company"),
    "shipToContact": reference("contact"),
    **foreign("shipToSite"),
    **STATUS,
    **INFO,
    **CUSTOM_FIELDS,
}


def day_of(record: Record, name: str) -> date | None:
    """The day that a date-time member stands for."""
    moment = parse_datetime(str(record.get(name, "")))
    return None if moment is None else moment.date()


def agreement_status(agreement: Record, today: date) -> str:
    """`agreementStatus`: recorded for Expired and Active, deduced for Inactive (not started)."""
    if agreement.get("cancelledFlag"):
        return "Cancelled"
    start, end = day_of(agreement, "startDate"), day_of(agreement, "endDate")
    if end is not None and end < today and not agreement.get("noEndingDateFlag"):
        return "Expired"
    return "Inactive" if start is not None and start > today else "Active"


def _defaults(site: Site, write: Write) -> Record:
    """Dates default to today, the next invoice to the start of billing."""
    today = f"{site.world.today.isoformat()}T00:00:00Z"
    start = write.record.get("startDate", today)
    bill_start = write.record.get("billStartDate", start)
    defaults: dict[str, Any] = {
        "startDate": start,
        "billStartDate": bill_start,
        "nextInvoiceDate": bill_start,
        "noEndingDateFlag": "endDate" not in write.record,
        "employeeCompNotExceed": "Billing",
    }
    switched_off = ("cancelledFlag", "prorateFlag", "invoiceProratedAdditionsFlag", "taxable")
    # A PUT must send those that are required on updates.
    created = {} if write.replacing else _ON_CREATION
    return {**defaults, **dict.fromkeys(switched_off, False), **created}


_ON_CREATION = {
    "employeeCompRate": "Actual",
    "invoicingCycle": "CalendarYear",
    **dict.fromkeys(("billTime", "billExpenses", "billProducts"), "NoDefault"),
}


def _computed(site: Site, record: Record) -> Record:
    """The status of today."""
    return {"agreementStatus": agreement_status(record, site.world.today)}


_RULES = Rules(complete=_defaults, computed=_computed)


AGREEMENTS = Resource(
    "Agreement",
    "finance/agreements",
    "agreements",
    FIELDS,
    _RULES,
    audit_type="Agreement",
)
AGREEMENT_TYPES = Resource(
    "AgreementType",
    "finance/agreements/types",
    "agreementTypes",
    {
        **ID,
        **text("name", limit=50, required=True),
        "prefixSuffixOption": choice("Prefix", "Suffix"),
        **flags("defaultFlag", "inactiveFlag", "prePaymentFlag"),
        **text("invoicePreSuffix", limit=5),
        "location": reference("location"),
        "department": reference("department"),
        **flags("restrictLocationFlag", "restrictDepartmentFlag"),
        **foreign("sla"),
        "applicationUnits": _UNITS,
        **numbers("applicationLimit"),
        "applicationCycle": _CYCLES,
        **flags("applicationUnlimitedFlag", "oneTimeFlag"),
        **flags("coverAgreementTimeFlag", "coverAgreementProductFlag"),
        **flags("coverAgreementExpenseFlag", "coverSalesTaxFlag", "carryOverUnusedFlag"),
        **flags("allowOverrunsFlag", "expireWhenZero", "chargeToFirmFlag"),
        **integers("expiredDays", "limit"),
        "employeeCompRate": Field(Kind.CHOICE, required=True, values=_RATE.values),
        "employeeCompNotExceed": Field(Kind.CHOICE, required=True, values=_NOT_EXCEED.values),
        **numbers("compHourlyRate", "compLimitAmount"),
        "billingCycle": reference("billingCycle"),
        **flags("billOneTimeFlag"),
        **foreign("billingTerms"),
        "invoicingCycle": Field(Kind.CHOICE, required=True, values=_INVOICING.values),
        **numbers("billAmount"),
        **flags("taxableFlag", "restrictDownPaymentFlag"),
        **text("invoiceDescription", limit=4000),
        **flags("topCommentFlag", "bottomCommentFlag"),
        **foreign("workRole", "workType", "projectType", "invoiceTemplate", "emailTemplate"),
        **{
            name: Field(Kind.CHOICE, required=True, values=_BILLED.values)
            for name in ("billTime", "billExpenses", "billProducts")
        },
        **flags("billableTimeInvoiceFlag", "billableExpenseInvoiceFlag"),
        **flags("billableProductInvoiceFlag", "copyWorkRolesFlag", "copyWorkTypesFlag"),
        **lists("exclusionWorkRoleIds", "exclusionWorkTypeIds"),
        **flags("addAllWorkRoleExclusions", "removeAllWorkRoleExclusions"),
        **flags("addAllWorkTypeExclusions", "removeAllWorkTypeExclusions"),
        **text("integrationXRef", limit=50),
        **flags("prorateFlag", "autoInvoiceFlag", "billZeroAmountFlag"),
        **flags("invoiceProratedAdditionsFlag"),
        **INFO,
        **text("connectWiseId"),
    },
    flags_off("defaultFlag", "inactiveFlag", "prePaymentFlag"),
)
