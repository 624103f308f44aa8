"""A stand-in for the service: `stub_service.py PORT [forgets|fails]`; it forgets what is written, or fails now and then."""

from __future__ import annotations

import sys
from itertools import count

import uvicorn
from fastapi import FastAPI, Request, Response

app = FastAPI(openapi_url=None)
mood = sys.argv[2] if len(sys.argv) > 2 else ""
written: set[str] = set()
asked = count(1)
ANSWER = {"data": [{"rank": rank} for rank in range(1, 11)]}


@app.get("/readyz")
@app.get("/livez")
async def alive() -> dict[str, str]:
    return {"status": "ok"}


@app.get("/v1/partners/{partner}/matches")
async def matches(partner: str, response: Response) -> dict[str, object]:
    unknown = partner.startswith("written-") and partner not in written
    if unknown or (mood == "fails" and next(asked) % 50 == 0):
        response.status_code = 404 if unknown else 500
        return {}
    return ANSWER


@app.put("/v1/partners/{partner}")
async def put(partner: str, request: Request) -> dict[str, str]:
    await request.json()
    if mood != "forgets":
        written.add(partner)
    return {"id": partner}


@app.post("/v1/matches:query")
async def query(request: Request) -> dict[str, object]:
    await request.json()
    return ANSWER


@app.post("/v1/models/{version}:activate")
async def activate(version: str) -> dict[str, str]:
    return {"version": version}


if __name__ == "__main__":
    uvicorn.run(app, port=int(sys.argv[1]), log_level="warning")
