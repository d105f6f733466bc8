"""Named sets of allowed values, as the comments of parameters refer to them."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ptclnm.book.project import Project


@dataclass(frozen=True)
class ChoiceSet:
    """A set of names that can only be known by looking.

    Parameters
    ----------
    names : callable
        Gives the allowed names of a project.
    manifests : bool
        Whether the path of a manifest file (``.yml``) is allowed too.
    """

    names: Callable[[Project], Iterable[str]]
    manifests: bool = False

    def allows(self, value: str, project: Project) -> bool:
        """Whether `value` is one of the names, or a manifest where those are allowed."""
        is_manifest = self.manifests and value.endswith((".yml", ".yaml"))
        return is_manifest or value in self.names(project)


def published_studies(project: Project) -> list[str]:
    """Names of the studies whose tables are transcribed, one folder each."""
    return sorted(path.name for path in project.published.glob("*") if path.is_dir())


def cohort_names(_: Project) -> list[str]:
    """Names of the cohorts that can be opened by name."""
    from ptclnm.cohorts.registry import COHORTS

    return sorted(COHORTS)


def families(_: Project) -> list[str]:
    """Names of the families of models that can score a cohort."""
    from ptclnm.models.sources import FAMILIES

    return sorted(FAMILIES)


CHOICE_SETS: dict[str, ChoiceSet] = {
    "published": ChoiceSet(published_studies),
    "cohorts": ChoiceSet(cohort_names, manifests=True),
    "families": ChoiceSet(families),
}
