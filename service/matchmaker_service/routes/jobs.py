"""Jobs: larger work that is asked for now and fetched later."""

from __future__ import annotations

import datetime as dt
from typing import Annotated, Any, Literal

from fastapi import Body, Path, Query, Request, Response
from fastapi.responses import FileResponse
from pydantic import BaseModel, Field

from matchmaker.retrieval.filters import Filter
from matchmaker.store import jobs
from matchmaker_service.auth import Caller, Reader
from matchmaker_service.jobs import files, kinds
from matchmaker_service.problems import Refused, responses
from matchmaker_service.reply import Envelope, PageQuery, Place, answered, paged
from matchmaker_service.routes.common import router
from matchmaker_service.services import services
from matchmaker_service.writes import Note, Reply, Writes

routes = router("jobs")
JobId = Annotated[str, Path(pattern="^[0-9a-f]{32}$", description="Id of a job.")]


class JobView(BaseModel):
    """A job. done, total: items so far and in all; failed: rows of the result with another status than ok; result_href: where the
    result is, once it is done.
    """

    id: str
    kind: str
    status: Literal["queued", "running", "done", "failed", "cancelled"]
    done: int
    total: int | None
    failed: int
    error: str | None
    format: str | None
    result_href: str | None
    created_at: dt.datetime
    updated_at: dt.datetime
    finished_at: dt.datetime | None


class JobQuery(PageQuery):
    """Which jobs."""

    status: Literal["queued", "running", "done", "failed", "cancelled"] | None = Field(None, description="Only these.")


@routes.post("/jobs", status_code=202, response_model=Envelope[JobView], responses=responses(), summary="Start a job")
def create_job(request: Request, caller: Reader, sent: Annotated[kinds.Job, Body()], pen: Writes) -> Response:
    """Score up to 100,000 pairs, or list the matches of many partners or all of them; the result is one file, Parquet or CSV."""
    _check(caller, sent)

    def do(note: Note) -> Reply:
        total = len(sent.pairs) if isinstance(sent, kinds.ScoresJob) else len(sent.partners or ()) or None
        job = jobs.create(
            note.writing, sent.kind, sent.model_dump_json(), total=total, key=caller.owner, format=sent.format
        )
        note.audit("job.create", job.id)
        return Reply(_view(job), 202, {"location": f"/v1/jobs/{job.id}", "retry-after": "1"})

    answer = pen.write(caller, do)
    pen.services.runner.wake()
    return answer


@routes.get("/jobs", response_model=Envelope[list[JobView]], responses=responses(409), summary="List jobs")
def list_jobs(request: Request, caller: Reader, query: Annotated[JobQuery, Query()]) -> Response:
    """Your jobs, the newest first; all of them with the scope admin."""
    own = None if _sees_all(caller) else caller.owner
    with services(request).database.reading() as connection:
        before: str = Place(request, query).after("")
        found = jobs.page(connection, before or None, query.limit + 1, key=own, status=query.status)
    shown = found[: query.limit]
    return paged(request, query, found, shown[-1].id if shown else "", [_view(one) for one in shown])


@routes.get("/jobs/{job:plain}", response_model=Envelope[JobView], responses=responses(404), summary="Get a job")
def get_job(request: Request, caller: Reader, job: JobId) -> Response:
    """How far a job is. Ask again every second or so."""
    found = _found(request, caller, job)
    waiting = {"retry-after": "1"} if found.status in ("queued", "running") else {}
    return answered(request, _view(found), headers=waiting)


@routes.get(
    "/jobs/{job:plain}/result",
    response_class=FileResponse,
    responses={
        200: {"description": "The file", "content": {media.partition(";")[0]: {} for media in files.MEDIA.values()}},
        **responses(404, 409),
    },
    summary="Download a result",
)
def get_result(request: Request, caller: Reader, job: JobId) -> Response:
    """The result of a job that is done."""
    found = _found(request, caller, job)
    if found.status != "done" or found.format is None:
        raise Refused("job_not_finished", f"The job is {found.status}; only one that is done has a result.")
    path = services(request).runner.files(job).result(found.format)
    if not path.is_file():
        raise Refused("not_found", "The result is not on this machine's disk any more. Start the job again.")
    return FileResponse(
        path, media_type=files.MEDIA[found.format], filename=f"matchmaker-{found.kind}-{job}.{found.format}"
    )


@routes.post(
    "/jobs/{job:plain}:cancel", response_model=Envelope[JobView], responses=responses(404, 409), summary="Cancel a job"
)
def cancel_job(request: Request, caller: Reader, job: JobId, pen: Writes) -> Response:
    """Stop a job that waits or runs; there will be no result."""
    _found(request, caller, job)

    def do(note: Note) -> Reply:
        cancelled = jobs.cancel(note.writing, job)
        if cancelled is None:
            raise Refused("job_finished", "The job has ended already.")
        note.audit("job.cancel", job)
        return Reply(_view(cancelled))

    return pen.write(caller, do)


def _check(caller: Caller, sent: kinds.ScoresJob | kinds.MatchesJob) -> None:
    if isinstance(sent, kinds.MatchesJob):
        Filter.from_arguments(sent.where)
        caller.speaks_for(*(sent.partners or ())) if len(set(sent.partners or ())) == 1 else caller.unbound()
        return
    for pair in sent.pairs if caller.partner else ():
        caller.speaks_for(pair.a, pair.b)


def _sees_all(caller: Caller) -> bool:
    return "admin" in caller.scopes and caller.partner is None


def _found(request: Request, caller: Caller, job: str) -> jobs.Job:
    with services(request).database.reading() as connection:
        found = jobs.get(connection, job)
    if found is None or (found.key != caller.owner and not _sees_all(caller)):
        raise Refused("unknown_job", "No job of yours has this id. GET /v1/jobs lists them.")
    return found


def _view(job: jobs.Job) -> dict[str, Any]:
    told = {name: getattr(job, name) for name in JobView.model_fields if name != "result_href"}
    return told | {"result_href": f"/v1/jobs/{job.id}/result" if job.status == "done" else None}
