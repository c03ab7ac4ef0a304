"""The store: one workspace's data, with one attribute per noun."""

from collections.abc import Callable
from datetime import datetime
from functools import cached_property
from typing import TYPE_CHECKING

from sqlalchemy import select

from evals_mcp.store.database.database import Database, create_database, create_temporary_database, utc_now
from evals_mcp.store.database.meter import Meter
from evals_mcp.store.database.opening import migrate
from evals_mcp.store.database.tables import evaluations
from evals_mcp.store.evaluations.evaluations import Evaluations
from evals_mcp.store.evaluations.judge_examples import JudgeExamples
from evals_mcp.store.evaluations.runs import Runs
from evals_mcp.store.evaluations.stats import Stats
from evals_mcp.store.evaluations.work import Work
from evals_mcp.store.files.datasets import Datasets
from evals_mcp.store.files.directories import Directories
from evals_mcp.store.files.environment_variables import EnvironmentVariables
from evals_mcp.store.files.environments import Environments
from evals_mcp.store.files.files import Files
from evals_mcp.store.files.monitoring import Monitoring
from evals_mcp.store.journal.plain_entries import DEFAULT_DAYS, Journaling
from evals_mcp.store.logs.logs import Logs
from evals_mcp.store.questions.datapoints import DatapointQuestions
from evals_mcp.store.questions.evaluation_states import EvaluationStates
from evals_mcp.store.questions.fields import FieldQuestions
from evals_mcp.store.questions.ids import IdPrefixes
from evals_mcp.store.questions.logs import LogQuestions
from evals_mcp.store.questions.overviews import Overviews
from evals_mcp.store.revision_cache import RevisionCache

if TYPE_CHECKING:
    from evals_mcp.store.evaluations.labels import Labels
    from evals_mcp.store.evaluations.set_ups import SetUps
    from evals_mcp.store.logs.traces import Traces
    from evals_mcp.store.questions.agreement import AgreementQuestions
    from evals_mcp.store.questions.cached_answers import CachedAnswers
    from evals_mcp.store.questions.comparisons import ComparisonQuestions
    from evals_mcp.store.questions.failures import FailureQuestions
    from evals_mcp.store.questions.filtered_columns import FilteredColumns
    from evals_mcp.store.questions.grouped_comparisons import GroupedComparisonQuestions
    from evals_mcp.store.questions.log_groups import LogGroups
    from evals_mcp.store.questions.rankings import RankingQuestions
    from evals_mcp.store.questions.relations import RelationQuestions
    from evals_mcp.store.questions.repeats import RepeatQuestions
    from evals_mcp.store.questions.run_figures import RunFiguresQuestions
    from evals_mcp.store.review_queue.queue import ReviewQueue
    from evals_mcp.store.sql.sql_questions import SqlQuestions
    from evals_mcp.store.undo.journal import Journal
    from evals_mcp.store.v4.evaluated_runs import EvaluatedRuns
    from evals_mcp.store.v4.project_logs import ProjectLogs
    from evals_mcp.store.v4.projects import Projects
    from evals_mcp.store.v4.run_datapoints import RunDatapoints


class Store:
    """The data of one workspace. Each public method of an attribute is one transaction.

    The journal keeps entries for `journal_days`. What a first answer hardly needs is imported when it is first used.
    """

    def __init__(self, database: Database, journal_days: int = DEFAULT_DAYS) -> None:
        self.database = database
        self.meter: Meter | None = None
        self._journaling = Journaling(database, journal_days)
        database.around_writes(self._journaling.around)
        self.files = Files(database)
        self.directories = Directories(database)
        self.environments = Environments(database)
        self.monitoring = Monitoring(database)
        self.judge_examples = JudgeExamples(database)
        self.environment_variables = EnvironmentVariables(database)
        self.datasets = Datasets(database)
        self.logs = Logs(database)
        self.evaluations = Evaluations(database)
        self.runs = Runs(database)
        self.work = Work(database)
        self._cache = cache = RevisionCache(watcher=database.watcher)
        database.on_replacement(cache.clear)
        self.stats = Stats(database, cache)
        self._states = states = EvaluationStates(cache)
        self.overviews = Overviews(database, self.stats, states, cache)
        self.log_questions = LogQuestions(database, states, self.overviews, cache)
        self.datapoint_questions = DatapointQuestions(database, states, self.overviews, cache)
        self.field_questions = FieldQuestions(database, states, cache)
        self.id_prefixes = IdPrefixes(database)

    @cached_property
    def journal(self) -> "Journal":
        """The journal of writes."""
        from evals_mcp.store.undo.journal import Journal

        return Journal(self.database, self._journaling.days)

    @cached_property
    def traces(self) -> "Traces":
        """Traces of OpenTelemetry."""
        from evals_mcp.store.logs.traces import Traces

        return Traces(self.database)

    @cached_property
    def set_ups(self) -> "SetUps":
        """Runs with all that they need."""
        from evals_mcp.store.evaluations.set_ups import SetUps

        return SetUps(self.database)

    @cached_property
    def labels(self) -> "Labels":
        """Labels of people and assistants."""
        from evals_mcp.store.evaluations.labels import Labels

        return Labels(self.database)

    @cached_property
    def comparison_questions(self) -> "ComparisonQuestions":
        """Questions about the differences of runs."""
        from evals_mcp.store.questions.comparisons import ComparisonQuestions

        return ComparisonQuestions(self.database, self._states, self.overviews, self._cache, self._columns)

    @cached_property
    def grouped_comparison_questions(self) -> "GroupedComparisonQuestions":
        """Questions about the differences of runs in groups of datapoints."""
        from evals_mcp.store.questions.grouped_comparisons import GroupedComparisonQuestions

        return GroupedComparisonQuestions(self._answers, self._columns, self._groups)

    @cached_property
    def run_figures_questions(self) -> "RunFiguresQuestions":
        """Questions about the figures of runs over some of their logs."""
        from evals_mcp.store.questions.run_figures import RunFiguresQuestions

        return RunFiguresQuestions(self._answers, self._columns, self._groups)

    @cached_property
    def _columns(self) -> "FilteredColumns":
        from evals_mcp.store.questions.filtered_columns import FilteredColumns

        return FilteredColumns(self._cache)

    @cached_property
    def _groups(self) -> "LogGroups":
        from evals_mcp.store.questions.log_groups import LogGroups

        return LogGroups(self._cache)

    @cached_property
    def _answers(self) -> "CachedAnswers":
        from evals_mcp.store.questions.cached_answers import CachedAnswers

        return CachedAnswers(self.database, self._states, self.overviews, self._cache)

    @cached_property
    def sql_questions(self) -> "SqlQuestions":
        """Questions in SQL."""
        from evals_mcp.store.sql.sql_questions import SqlQuestions

        return SqlQuestions(self.database, self._states, self.overviews, self._cache)

    @cached_property
    def agreement_questions(self) -> "AgreementQuestions":
        """Questions about the agreement of evaluators."""
        from evals_mcp.store.questions.agreement import AgreementQuestions

        return AgreementQuestions(self._answers, self._cache)

    @cached_property
    def relation_questions(self) -> "RelationQuestions":
        """Questions about the relations of judgments with other numbers."""
        from evals_mcp.store.questions.relations import RelationQuestions

        return RelationQuestions(self._answers, self._columns)

    @cached_property
    def repeat_questions(self) -> "RepeatQuestions":
        """Questions about several logs of a datapoint."""
        from evals_mcp.store.questions.repeats import RepeatQuestions

        return RepeatQuestions(self._answers, self._columns)

    @cached_property
    def ranking_questions(self) -> "RankingQuestions":
        """Questions about the ranks of runs."""
        from evals_mcp.store.questions.rankings import RankingQuestions

        return RankingQuestions(self._answers, self._columns, self._cache)

    @cached_property
    def failure_questions(self) -> "FailureQuestions":
        """Questions about failing logs."""
        from evals_mcp.store.questions.failures import FailureQuestions

        return FailureQuestions(self._answers)

    @cached_property
    def review_queue(self) -> "ReviewQueue":
        """The logs that reviewers get."""
        from evals_mcp.store.review_queue.queue import ReviewQueue

        return ReviewQueue(self.database, self._states, self._cache, self._columns)

    @cached_property
    def evaluated_runs(self) -> "EvaluatedRuns":
        """Runs as the evaluations of v4."""
        from evals_mcp.store.v4.evaluated_runs import EvaluatedRuns

        return EvaluatedRuns(self.database, self.stats)

    @cached_property
    def run_datapoints(self) -> "RunDatapoints":
        """The datapoints of runs in v4."""
        from evals_mcp.store.v4.run_datapoints import RunDatapoints

        return RunDatapoints(self.database)

    @cached_property
    def projects(self) -> "Projects":
        """The projects of v4."""
        from evals_mcp.store.v4.projects import Projects

        return Projects(self.database)

    @cached_property
    def project_logs(self) -> "ProjectLogs":
        """The logs of projects of v4."""
        from evals_mcp.store.v4.project_logs import ProjectLogs

        return ProjectLogs(self.database)

    def limit_by(self, meter: Meter) -> None:
        """Hold the workspace to the limits that a meter knows."""
        self.meter = meter
        self.database.within_limits(meter.within)

    def check(self) -> None:
        """Raise Unavailable if the data cannot be read: a table, because it may be elsewhere than the connection."""
        with self.database.read() as connection:
            connection.execute(_ANY)

    def close(self) -> None:
        """Close all connections."""
        self.database.close()


_ANY = select(evaluations.c.number).limit(1)


def open_store(
    address: str,
    schema: str | None = None,
    clock: Callable[[], datetime] = utc_now,
    journal_days: int = DEFAULT_DAYS,
) -> Store:
    """Open a workspace by path or URL, and create or upgrade its tables.

    Raises Invalid for an invalid address, Unavailable for a database that cannot be read or written, and Conflict for a
    database that is not ours or that a newer version wrote.
    """
    return _opened(create_database(address, schema, clock), journal_days)


def open_temporary_store(clock: Callable[[], datetime] = utc_now) -> Store:
    """Open an empty, private workspace that ends with this process. Raises Unavailable."""
    return _opened(create_temporary_database(clock))


def _opened(database: Database, journal_days: int = DEFAULT_DAYS) -> Store:
    try:
        migrate(database)
    except BaseException:
        database.close()
        raise
    return Store(database, journal_days)
