"""Personal data that nobody has: the canaries of the tests of masks, encryption and reveals."""

DOCUMENT = "999999190001010014"
MOBILE = "13800001234"
ADDRESS = "江南省青禾市城东区人民路一百二十八号"
ACCOUNT = "6200000000000013"


def give_identity(customer):
    """Give a customer a document, a mobile and an address; return his identity."""
    row = customer.identity
    row.document, row.document_number, row.mobile, row.address = "resident_id", DOCUMENT, MOBILE, ADDRESS
    row.save()
    return row
