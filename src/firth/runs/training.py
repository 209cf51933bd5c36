"""Making a run from a corpus, step by step: trained and saved; what comes after are the run's own methods.

:func:`firth.run_recipe` goes through the same functions with the same seed, and gives the same bytes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from dataclasses import replace as changed
from pathlib import Path
from typing import Any

from firth.corpus.corpus import Corpus
from firth.corpus.text_pieces import TextReader
from firth.errors import OptionError
from firth.progress import Progress
from firth.runs import folder as files
from firth.runs.claiming import claim
from firth.runs.items import blank_items
from firth.runs.lineage import SourceHash, about_code, about_made, about_origin
from firth.runs.mapper import Mapper
from firth.runs.recipe import check_names
from firth.runs.record import Record
from firth.runs.resuming import check_data, check_options, is_trained, reopen, tell
from firth.runs.run import Run
from firth.runs.starting import Continuation, continuation
from firth.runs.typed import unknown
from firth.training import Training, TrainOptions, fit
from firth.training.checkpoint import EVERY_S
from firth.training.trainers import MakeTrainer
from firth.vectors.vectors import Vectors


@dataclass(frozen=True, kw_only=True)
class How:
    """How a run is made, which decides nothing of it but pictures: from a checkpoint, who hears it, who trains more."""

    resume: bool = False
    checkpoint_s: float = EVERY_S
    progress: Progress | None = None
    has_pictures: bool = True
    mapper: Mapper | None = None
    reader: TextReader | None = None
    trainer: MakeTrainer | None = None


def train(
    corpus: Corpus,
    *,
    start: Run | Vectors | str | Path | None = None,
    freeze: bool = False,
    out: str | Path | None = None,
    resume: bool = False,
    checkpoint_s: float = EVERY_S,
    progress: Progress | None = None,
    trainer: MakeTrainer | None = None,
    **options: object,
) -> Run:
    """Return a run: the corpus's items as vectors.

    Parameters
    ----------
    corpus
        What :func:`firth.read_sql`, :func:`firth.read_table` or :func:`firth.read_text` returned.
    start
        A run to go on from, its folder or name, or vectors: known items begin with its rows, new ones join, and those
        that the corpus does not mention are kept as they were, after the corpus's items. None begins anew.
    freeze
        Whether the rows of known items stay as they are.
    out
        A new folder for the run; None keeps it in memory.
    resume
        Whether to go on with the run that lies in ``out``, if one was begun there.
    checkpoint_s
        Seconds between two checkpoints in ``out``, at least.
    progress
        Who hears how far it is; None: nobody.
    trainer
        Makes who does the steps, as :func:`firth.cluster.training.cluster_trainer` does; None: this process does them.
    options
        The fields of :class:`firth.TrainOptions`, such as ``vector_size=64``.

    Raises
    ------
    OptionError
        If an option is unknown or outside its range, or does not fit the run to go on from.
    RunError
        If there is no run to go on from; if the folder holds something else, or cannot be written, or the run there was
        begun with other options or data.
    DivergenceError
        If the loss stops being finite.

    Notes
    -----
    Same bytes for any ``n_jobs`` on one instruction set, and however often it was killed and resumed. Ctrl-C ends
    training early: the run is then saved with the status ``interrupted``.
    """
    known = [field.name for field in fields(TrainOptions)]
    for name in options:
        if name not in known:
            raise OptionError(unknown("option", name, known))
    chosen = TrainOptions(**options)  # type: ignore[arg-type]  # it checks every value itself
    check_checkpoint_s(checkpoint_s)
    folder, previous = None if out is None else Path(out), None
    if resume:
        if folder is None:
            raise OptionError("resume needs out, the folder of the run to go on with.")
        previous = reopen(folder)
        if previous is not None:
            check_options(previous, asdict(chosen), folder)
            check_data(previous, corpus, folder)
            if previous["status"] == "complete":
                tell(progress, f"{folder} is complete: there is nothing to do")
                return Run.load(folder)
    if folder is not None and previous is None:
        claim(folder)
    name = folder.resolve().name if folder else "run"
    with Record(name, folder=folder, seed=chosen.seed, previous=previous) as record:
        if folder is not None and is_trained(previous):
            run = Run.load(folder)
        else:
            record.live.plan(["train"])
            how = How(resume=resume, checkpoint_s=checkpoint_s, progress=record.live.over(progress), trainer=trainer)
            begin = None if start is None else continuation(start, corpus, chosen, freeze=freeze)
            run = trained(corpus, chosen, record, how, begin=begin)
        return ended(run, record)


def trained(
    corpus: Corpus, options: TrainOptions, record: Record, how: How, *, begin: Continuation | None = None
) -> Run:
    """Return a run that is trained, and nothing more; it is saved as far as it goes."""
    check_names(corpus.attributes.columns)
    asked = files.plain(asdict(options))
    record.document["corpus"] = {
        "fingerprint": corpus.fingerprint,
        "n_items": len(corpus.vocabulary),
        "weights": {context.name: context.weight for context in corpus.contexts},
        "report": corpus.report.to_dict(),
    }
    record.document["start"] = None if begin is None else begin.about
    record.document["training"] = {"asked": asked, "options": asked, "status": "running"}
    hashing = SourceHash(corpus.origin) if record.folder else None
    record.document["lineage"] = {"code": about_code(), "source": about_origin(corpus.origin, {})}
    record.write()
    with record.stage("train"):
        training = fit(
            corpus,
            options,
            start=None if begin is None else begin.start,
            checkpoint=record.folder / files.CHECKPOINT if record.folder else None,
            checkpoint_s=how.checkpoint_s,
            resume=how.resume,
            progress=how.progress,
            scratch=record.folder,
            make_trainer=how.trainer,
        )
    record.document["training"] = {"asked": asked, "options": training.options, "status": training.status}
    record.document["instruction_set"] = training.variant
    if hashing is not None:
        record.document["lineage"] = {"code": about_code(), "source": hashing.result()}
    vectors = vectors_of(corpus, options, training)
    items = blank_items(corpus.vocabulary.keys, corpus.counts).hstack(corpus.attributes)
    if begin is not None:
        vectors = begin.extended(vectors)
        items = begin.with_attributes(vectors, corpus.attributes)
    record.document["metrics"] = _about_training(len(vectors), corpus, training)
    run = Run(vectors, items, training.history, dict(record.document), record.folder)
    if record.folder is not None:
        run.write_vectors()
        run.write_rest()
        if training.status == "complete":
            files.remove_checkpoint(record.folder)
    if training.status == "interrupted":
        record.end("interrupted", error="interrupted while training; the vectors are those that were reached")
    return run


def vectors_of(corpus: Corpus, options: TrainOptions, training: Training) -> Vectors:
    """Return what a training left as vectors that answer."""
    return Vectors(
        corpus.vocabulary,
        training.vectors,
        outputs=None if options.tied else training.outputs,
        biases=training.biases if options.objective == "nce" else None,
        noise=training.noise,
        counts=corpus.counts,
    )


def ended(run: Run, record: Record) -> Run:
    """Return the run with its last document, saved."""
    if record.document["status"] == "running":
        record.end("complete")
    if run.folder is not None and record.document["status"] == "complete":
        record.document["lineage"] = {**(record.document["lineage"] or {}), "made": about_made(run)}
    made = {key: run.document[key] for key in ("metrics", "clusters", "plots")}
    run = changed(run, document={**record.document, **made})
    if run.folder is not None:
        run.write_rest()
    return run


def check_checkpoint_s(checkpoint_s: float) -> None:
    """Raise OptionError unless this may be the time between two checkpoints."""
    if not checkpoint_s >= 0:
        raise OptionError(f"checkpoint_s must be >= 0, got {checkpoint_s}.")


def _n_tokens(corpus: Corpus) -> int:
    """Return the places in all sequences and walks of an epoch."""
    return sum(len(each.tokens) for each in corpus.sequences) + sum(each.n_tokens for each in corpus.graphs)


def _about_training(n_items: int, corpus: Corpus, training: Training) -> dict[str, Any]:
    last: Mapping[str, Any] = training.history.row(-1, named=True) if len(training.history) else {}
    n_tokens = training.epochs * training.share * _n_tokens(corpus)
    names = [context.name for context in corpus.contexts if f"loss_{context.name}" in last]
    return {
        "n_items": n_items,
        "n_pairs": training.n_pairs,
        "train_s": training.seconds,
        "pairs_per_s": training.n_pairs / training.seconds if training.seconds > 0 else None,
        # With several contexts the pairs are divided by weight, and no epoch is one of all tokens.
        "tokens_per_s": n_tokens / training.seconds if n_tokens and len(corpus.contexts) == 1 else None,
        "loss": last.get("loss"),
        "heldout_loss": last.get("heldout_loss"),
        "context_losses": {
            name: {"loss": last[f"loss_{name}"], "heldout_loss": last[f"heldout_loss_{name}"]} for name in names
        },
        "probes": last.get("probes", []),
        "n_intervals": len(training.history),
        "is_stopped_early": training.is_stopped_early,
    }
