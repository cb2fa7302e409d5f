"""Everything other apps may import from the organisation."""

from managers.models.branch import Branch
from managers.models.calendar import CalendarDay, CalendarLink, Leave
from managers.models.manager import Manager
from managers.models.training import Attendance, Batch, Course, Mentorship, Rotation
from managers.models.user import User

__all__ = [
    "Attendance",
    "Batch",
    "Branch",
    "CalendarDay",
    "CalendarLink",
    "Course",
    "Leave",
    "Manager",
    "Mentorship",
    "Rotation",
    "User",
]
