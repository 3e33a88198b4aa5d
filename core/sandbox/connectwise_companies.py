"""Companies: `/company/companies`."""

from __future__ import annotations

from core.sandbox.connectwise_answers import FieldError
from core.sandbox.connectwise_fields import (
    CUSTOM_FIELDS,
    ID,
    INFO,
    TARGETS,
    Field,
    Fields,
    Kind,
    dates,
    flags,
    foreign,
    integers,
    lists,
    numbers,
    reference,
    text,
)
from core.sandbox.connectwise_lookups import flags_off
from core.sandbox.connectwise_model import Record, Resource, Rules, Site, Write

_OWN_FIELDS = tuple(f"userDefinedField{number}" for number in range(1, 11))

FIELDS: Fields = {
    **ID,
    **text("identifier", "name", limit=156, required=True),
    "status": reference("companyStatus"),
    **text("addressLine1", "addressLine2", "city", "state", limit=50),
    **text("zip", limit=12),
    "country": reference("country"),
    **text("phoneNumber", "faxNumber", limit=30),
    **text("website", limit=255),
    "territory": reference("location"),
    **foreign("market"),
    **text("accountNumber"),
    "defaultContact": reference("contact"),
    **dates("dateAcquired"),
    **foreign("sicCode"),
    "parentCompany": reference("company"),
    **numbers("annualRevenue", "creditLimit", "additionalDebt"),
    **integers("numberOfEmployees", "yearEstablished", "revenueYear"),
    **foreign("ownershipType", "timeZoneSetup", "calendar"),
    **text("leadSource", limit=50),
    **flags("leadFlag", "unsubscribeFlag"),
    **text(*_OWN_FIELDS, limit=50),
    **text("vendorIdentifier", "taxIdentifier"),
    "taxCode": reference("taxCode"),
    **foreign("billingTerms", "invoiceTemplate", "pricingSchedule", "companyEntityType"),
    "billToCompany": reference("company"),
    **foreign("billingSite", "invoiceDeliveryMethod", "emailTemplate", "currency", "site"),
    "billingContact": reference("contact"),
    **text("invoiceToEmailAddress", "invoiceCCEmailAddress"),
    **flags("deletedFlag"),
    **dates("dateDeleted"),
    **text("deletedBy", "mobileGuid", "facebookUrl", "twitterUrl", "linkedInUrl"),
    **foreign("territoryManager"),
    **text("resellerIdentifier"),
    **flags("isVendorFlag"),
    "types": Field(Kind.REFERENCES, target=TARGETS["companyType"]),
    **lists("integratorTags"),
    **INFO,
    **CUSTOM_FIELDS,
}


def _problems(site: Site, write: Write) -> list[FieldError]:
    """Two companies never share an identifier."""
    own = None if write.before is None else write.before["id"]
    wanted = str(write.record.get("identifier", "")).casefold()
    others = (record for key, record in site.table("companies").records.items() if key != own)
    if "identifier" not in write.sent or all(
        str(other.get("identifier", "")).casefold() != wanted for other in others
    ):
        return []
    return [FieldError("ObjectExists", "A matching company already exists", "identifier")]


def _links(record: Record, base: str) -> Record:
    """The collections of a company, as in a recorded answer."""
    condition = f"?conditions=company/id={record['id']}"
    return {
        "contacts_href": f"{base}/company/contacts{condition}",
        "agreements_href": f"{base}/finance/agreements{condition}",
        "sites_href": f"{base}/company/companies/{record['id']}/sites",
    }


_RULES = Rules(
    complete=flags_off("leadFlag", "unsubscribeFlag", "deletedFlag", "isVendorFlag").complete,
    problems=_problems,
    links=_links,
)


COMPANIES = Resource(
    "Company", "company/companies", "companies", FIELDS, _RULES, audit_type="Company"
)
