"""Who decides that a customer moves: the further it goes, the higher (docs/assignment.md)."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.translation import gettext as _

from managers.choices import BranchKind
from managers.models import Branch

WITHIN = (BranchKind.SUB, BranchKind.OUTLET)


@dataclass(frozen=True)
class Level:
    """The smallest branch that holds everybody concerned; its supervisors, or those above, decide."""

    branch: Branch

    @property
    def path(self) -> str:
        return self.branch.path

    @property
    def words(self) -> str:
        """What kind of move it is and whose decision."""
        told = {"branch": self.branch.name}
        if self.branch.kind in WITHIN:
            return _("within %(branch)s: its supervisor decides") % told
        if self.branch.kind == BranchKind.HEAD_OFFICE:
            return _("across branches: head office decides")
        return _("across sub-branches: the supervisor of %(branch)s decides") % told

    def is_in_hands_of(self, user) -> bool:
        """Whether `user` may decide it by himself from today on."""
        return user.is_supervisor and self.path.startswith(user.branch.path)


def common_path(paths: Iterable[str]) -> str:
    """The longest path of whole codes that all of `paths` begin with; "" where they share none."""
    split = [path.rstrip("/").split("/") for path in set(paths) if path]
    shared = []
    for codes in zip(*split, strict=False):
        if len(set(codes)) > 1:
            break
        shared.append(codes[0])
    return "".join(f"{code}/" for code in shared)


def level_of(paths: Iterable[str]) -> Level:
    """The level that decides where customers and managers of `paths` take part. Raises Branch.DoesNotExist
    where they share no branch, which a tree with one head office has not."""
    return Level(Branch.objects.get(path=common_path(paths)))
