"""Everything other apps may import from service."""

from service.models.care import Complaint, PostLoanCheck, Survey
from service.models.request import ServiceRequest

__all__ = ["Complaint", "PostLoanCheck", "ServiceRequest", "Survey"]
