"""A flow that puts a model where it is served, and makes sure that what is served is what was tested.

python -m firth.flows.deployment run --out serving/songs
"""

from __future__ import annotations

from metaflow import FlowSpec, Parameter, card, current, step

from firth.flows import cards
from firth.flows.parameters import RUN, name_user


class DeploymentFlow(FlowSpec):
    """The latest model, or a run folder, unpacked, served, and asked.

    Artifacts: ``folder``, ``url``, ``n_asked``, ``n_different``.
    """

    run_folder = Parameter(**RUN)
    out = Parameter(name="out", default="serving/model", help="The folder that is served; a run there is replaced.")
    port = Parameter(name="port", default=8741, type=int, help="Of the service; 0: one that is free.")
    n_questions = Parameter(name="questions", default=200, type=int, help="How many test questions it is asked.")
    keep = Parameter(name="keep", default=False, type=bool, help="Leave it running.")

    @step
    def start(self) -> None:
        """Find the model."""
        from firth.flows.models import model_of

        self.final_model = model_of(self.run_folder)
        self.next(self.pack)

    @step
    def pack(self) -> None:
        """Put the model beside the one that is served, then in its place: the service never sees half of it."""
        from firth.flows.serving import put

        self.folder = str(put(self.final_model, self.out))
        self.next(self.serve)

    @card(type="blank")
    @step
    def serve(self) -> None:
        """Serve it, and ask it what the library answers."""
        from firth.flows.serving import Service, differences

        with Service(self.folder, port=self.port, keep=self.keep) as service:
            self.url = service.url
            self.n_asked, different = differences(service, self.final_model.load(), n=self.n_questions)
        self.n_different = len(different)
        cards.heading(current.card, "Served as evaluated")
        cards.facts(current.card, {"folder": self.folder, "questions": self.n_asked, "different": self.n_different})
        if different:
            raise RuntimeError(f"{self.n_different} of {self.n_asked} answers differ, the first to {different[0]!r}.")
        self.next(self.end)

    @step
    def end(self) -> None:
        """Done."""


if __name__ == "__main__":
    name_user()
    DeploymentFlow()
