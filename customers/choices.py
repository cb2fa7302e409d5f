"""The vocabulary of the records (domain.md §3). Text codes are what the feed carries.

The ledger holds its codes as small integers (`IntegerChoices`), with `label` for people and the lower-case
member name as the feed's word.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class CustomerKind(models.TextChoices):
    PERSON = "person", _("Person")
    SOLE_TRADER = "sole_trader", _("Sole trader")
    COMPANY = "company", _("Company")
    PUBLIC = "public", _("Public body")
    ASSOCIATION = "association", _("Association")
    FI = "fi", _("Financial institution")


class Tier(models.TextChoices):
    """By month-average assets: gold 50k, platinum 500k, diamond 2m, private 6m (domain.md §2)."""

    BASIC = "basic", _("Basic")
    GOLD = "gold", _("Gold")
    PLATINUM = "platinum", _("Platinum")
    DIAMOND = "diamond", _("Diamond")
    PRIVATE = "private", _("Private")


class Lifecycle(models.TextChoices):
    PROSPECT = "prospect", _("Prospect")
    NEW = "new", _("New")
    GROWING = "growing", _("Growing")
    MATURE = "mature", _("Mature")
    DECLINING = "declining", _("Declining")
    LOST = "lost", _("Lost")


class RiskAppetite(models.TextChoices):
    C1 = "C1", _("C1 Conservative")
    C2 = "C2", _("C2 Prudent")
    C3 = "C3", _("C3 Balanced")
    C4 = "C4", _("C4 Growth")
    C5 = "C5", _("C5 Aggressive")


class ProductRisk(models.TextChoices):
    R1 = "R1", _("R1 Low")
    R2 = "R2", _("R2 Medium low")
    R3 = "R3", _("R3 Medium")
    R4 = "R4", _("R4 Medium high")
    R5 = "R5", _("R5 High")


class AmlLevel(models.TextChoices):
    LOW = "low", _("Low")
    MEDIUM = "medium", _("Medium")
    HIGH = "high", _("High")
    HIGHEST = "highest", _("Highest")


class IdDocument(models.TextChoices):
    RESIDENT_ID = "resident_id", _("Resident identity card")
    HOUSEHOLD = "household", _("Household register")
    PASSPORT = "passport", _("Passport")
    HK_MACAU_PERMIT = "hk_macau_permit", _("Hong Kong and Macau permit")
    TAIWAN_PERMIT = "taiwan_permit", _("Taiwan permit")
    HMT_RESIDENCE = "hmt_residence", _("Hong Kong, Macau and Taiwan residence permit")
    FOREIGN_RESIDENT = "foreign_resident", _("Foreign permanent resident card")
    MILITARY = "military", _("Military identity card")
    USCC = "uscc", _("Unified social credit code")
    OTHER = "other", _("Other document")


class Industry(models.TextChoices):
    """GB/T 4754 sections A–T."""

    A = "A", _("Agriculture, forestry, husbandry, fishing")
    B = "B", _("Mining")
    C = "C", _("Manufacturing")
    D = "D", _("Electricity, heat, gas, water")
    E = "E", _("Construction")
    F = "F", _("Wholesale and retail")
    G = "G", _("Transport, storage, post")
    H = "H", _("Accommodation and catering")
    I = "I", _("Information technology")  # noqa: E741
    J = "J", _("Finance")
    K = "K", _("Real estate")
    L = "L", _("Leasing and business services")
    M = "M", _("Research and technical services")
    N = "N", _("Water, environment, public facilities")
    O = "O", _("Resident services")  # noqa: E741
    P = "P", _("Education")
    Q = "Q", _("Health and social work")
    R = "R", _("Culture, sports, entertainment")
    S = "S", _("Public administration")
    T = "T", _("International organisations")


class Family(models.IntegerChoices):
    """Product families; the ledger carries the number."""

    CURRENT = 1, _("Current deposit")
    TIME_DEPOSIT = 2, _("Time deposit")
    WEALTH = 3, _("Wealth management")
    FUND = 4, _("Fund")
    INSURANCE = 5, _("Insurance")
    BOND = 6, _("Bond")
    METAL = 7, _("Precious metal")
    LOAN = 8, _("Loan")
    CARD = 9, _("Card")
    SERVICE = 10, _("Payment and other service")


DEPOSIT_FAMILIES = (Family.CURRENT, Family.TIME_DEPOSIT)
AUM_FAMILIES = (
    Family.CURRENT,
    Family.TIME_DEPOSIT,
    Family.WEALTH,
    Family.FUND,
    Family.INSURANCE,
    Family.BOND,
    Family.METAL,
)
# What counts as a sale when money moves into it (7P Performance).
SALE_FAMILIES = AUM_FAMILIES[1:]


class Channel(models.IntegerChoices):
    VISIT = 1, _("Visit")
    PHONE = 2, _("Phone")
    SMS = 3, _("SMS")
    WECOM = 4, _("WeCom")
    APP = 5, _("Mobile bank")
    WEB = 6, _("Online bank")
    EMAIL = 7, _("Email")
    COUNTER = 8, _("Counter")
    SELF_SERVICE = 9, _("Self-service")
    SYSTEM = 10, _("System")


DIGITAL_CHANNELS = (Channel.APP, Channel.WEB)
CONTACT_CHANNELS = tuple(Channel)[:8]  # those a manager logs, keys 1–8


class TransactionKind(models.IntegerChoices):
    """What moved money. Those up to 49 are the customer's own doing; from 50 the bank's."""

    CASH_IN = 1, _("Cash in")
    CASH_OUT = 2, _("Cash out")
    TRANSFER_IN = 3, _("Transfer in")
    TRANSFER_OUT = 4, _("Transfer out")
    PURCHASE = 5, _("Purchase")
    REDEMPTION = 6, _("Redemption")
    CARD_SPEND = 7, _("Card payment")
    REPAYMENT = 8, _("Loan repayment")
    HOUSEHOLD = 9, _("Household payment")
    INSURANCE = 10, _("Insurance premium")
    SALARY = 50, _("Salary")
    PENSION = 51, _("Pension")
    INTEREST = 52, _("Interest")
    FEE = 53, _("Fee")
    DRAWDOWN = 54, _("Loan drawdown")
    SANCTION = 55, _("Penalty interest")
    OTHER = 59, _("Other")


LAST_CUSTOMER_INITIATED = 49


class LoanClass(models.TextChoices):
    """Five-class scheme, from good to lost."""

    PASS = "pass", _("Pass")
    SPECIAL_MENTION = "special_mention", _("Special mention")
    SUBSTANDARD = "substandard", _("Substandard")
    DOUBTFUL = "doubtful", _("Doubtful")
    LOSS = "loss", _("Loss")


class AssignmentRole(models.TextChoices):
    LEAD = "lead", _("Lead manager")
    CO = "co", _("Co-manager")


class RelationshipKind(models.TextChoices):
    SPOUSE = "spouse", _("Spouse")
    PARENT = "parent", _("Parent of")
    LEGAL_REPRESENTATIVE = "legal_representative", _("Legal representative of")
    SHAREHOLDER = "shareholder", _("Shareholder of")
    GUARANTOR = "guarantor", _("Guarantor of")
    DISPONENT = "disponent", _("May dispose of accounts of")
    EMPLOYER = "employer", _("Employer of")
    OTHER = "other", _("Other")


class GroupKind(models.TextChoices):
    HOUSEHOLD = "household", _("Household")
    CORPORATE_GROUP = "corporate_group", _("Corporate group")


class GroupRole(models.TextChoices):
    """What a member is to the head of a household or group."""

    HEAD = "head", _("Head")
    SPOUSE = "spouse", _("Spouse")
    CHILD = "child", _("Child")
    PARENT = "parent", _("Parent")
    SUBSIDIARY = "subsidiary", _("Subsidiary")
    AFFILIATE = "affiliate", _("Affiliate")
    MEMBER = "member", _("Member")


class Control(models.TextChoices):
    """How an owner controls an organisation (beneficial ownership, customer due diligence)."""

    SHARES = "shares", _("Holds shares")
    VOTES = "votes", _("Holds voting rights")
    OTHER = "other", _("Controls otherwise")
    MANAGEMENT = "management", _("Leads the management")


class OutsideKind(models.TextChoices):
    """What a customer has with other banks, in the words of the conversation."""

    DEPOSIT = "deposit", _("Deposits")
    WEALTH = "wealth", _("Wealth management")
    FUND = "fund", _("Funds")
    INSURANCE = "insurance", _("Insurance")
    SECURITIES = "securities", _("Securities")
    LOAN = "loan", _("Loan")


class IdentityPart(models.TextChoices):
    """The parts of an identity that are checked and dated one by one."""

    DOCUMENT = "document", _("document")
    MOBILE = "mobile", _("mobile")
    ADDRESS = "address", _("address")


class FactSource(models.TextChoices):
    CUSTOMER = "customer", _("Told by the customer")
    DOCUMENT = "document", _("Seen in a document")
    CORE = "core", _("Core banking")
    PUBLIC = "public", _("Public record")
    MANAGER = "manager", _("Observed by the manager")


class Purpose(models.TextChoices):
    MAINTENANCE = "maintenance", _("Keep in touch")
    MATURITY = "maturity", _("Maturity")
    SALE = "sale", _("Offer")
    SERVICE = "service", _("Service")
    COLLECTION = "collection", _("Collection")
    CHECK = "check", _("Post-loan check")
    KYC = "kyc", _("Update of data")
    RETENTION = "retention", _("Retention")
    CAMPAIGN = "campaign", _("Campaign")
    OTHER = "other", _("Other")


class Outcome(models.TextChoices):
    REACHED = "reached", _("Reached")
    AGREED = "agreed", _("Agreed")
    INTERESTED = "interested", _("Interested")
    DECLINED = "declined", _("Declined")
    NO_ANSWER = "no_answer", _("No answer")
    DONE = "done", _("Done")


class FeedbackKind(models.TextChoices):
    """What a manager brought back that the bank can use (I3)."""

    NEED = "need", _("Need of the customer")
    MARKET = "market", _("Market and rivals")
    PRODUCT = "product", _("Product or procedure")
    RISK = "risk", _("Warning sign")
    OTHER = "other", _("Other")


class Repeat(models.TextChoices):
    """How often a customer is called by habit."""

    WEEK = "week", _("every week")
    MONTH = "month", _("every month")
    QUARTER = "quarter", _("every quarter")


class TaskKind(models.TextChoices):
    """Why something stands on Today; the sentence is made from `reason` in the reader's language."""

    PROMISE = "promise", _("Promise")
    DEPOSIT_MATURES = "deposit_matures", _("Deposit matures")
    LOAN_MATURES = "loan_matures", _("Loan matures")
    OVERDUE = "overdue", _("Overdue loan")
    CHURN = "churn", _("Risk of leaving")
    SILENT = "silent", _("Silent")
    ID_EXPIRES = "id_expires", _("Document expires")
    RISK_TEST = "risk_test", _("Risk test expires")
    CHECK_DUE = "check_due", _("Post-loan check")
    BIRTHDAY = "birthday", _("Birthday")
    CAMPAIGN = "campaign", _("Campaign call")
    REQUEST = "request", _("Request")
    COMPLAINT = "complaint", _("Complaint")
    OPPORTUNITY = "opportunity", _("Opportunity")
    LOAN_CLASS = "loan_class", _("Loan class fell")
    MANUAL = "manual", _("Task")


class TaskState(models.TextChoices):
    OPEN = "open", _("Open")
    SNOOZED = "snoozed", _("Snoozed")
    DONE = "done", _("Done")
    DROPPED = "dropped", _("No longer needed")


class HandoverState(models.TextChoices):
    DRAFT = "draft", _("Draft")
    SIGNED = "signed", _("Signed")
    EFFECTIVE = "effective", _("In effect")
    CANCELLED = "cancelled", _("Cancelled")


class HandoverReason(models.TextChoices):
    LEAVER = "leaver", _("Leaver")
    REPOSTING = "reposting", _("Re-posted")
    LONG_LEAVE = "long_leave", _("Long leave")
    BALANCE = "balance", _("Balance of load")
    REQUEST = "request", _("Customer's wish")
