"""Types of the compiled kernel (``native/bind_*.cpp``)."""

from firth.arrays import Float32, Float64, Int32, Int64, UInt32

max_lanes: int
max_negative: int
max_partners: int

def available_variants() -> list[str]: ...
def variant() -> str: ...
def choose_variant(name: str) -> None: ...
def words(seed: int, purpose: int, index: int, n: int) -> UInt32: ...
def build_alias(weights: Float64, offsets: Int64) -> tuple[UInt32, Int32]: ...
def merge_share(n_lanes: int, n_updates: float, step_curvature: float) -> float: ...

class Groups:
    def __init__(
        self,
        *,
        choice_threshold: UInt32,
        choice_alias: Int32,
        offsets: Int64,
        members: Int32,
        weights: Float64 | None,
        threshold: UInt32 | None,
        alias: Int32 | None,
        partners: int,
        heldout_salt: int,
        heldout_threshold: int,
        draw_heldout: bool,
        n_items: int,
    ) -> None: ...
    def draw(self, seed: int, purpose: int, index: int, n: int) -> Int32: ...

class Trainer:
    def __init__(
        self,
        *,
        groups: Groups,
        inputs: Float32,
        outputs: Float32,
        biases: Float32 | None,
        noise_threshold: UInt32,
        noise_alias: Int32,
        log_noise: Float32,
        negative: int,
        pool_size: int,
        seed: int,
        n_positions: int,
        lane_size: int,
        n_lanes: int,
        learning_rate: float,
        min_learning_rate: float,
        curvature: float,
    ) -> None: ...
    @property
    def n_steps(self) -> int: ...
    def learning_rate_at(self, step: int) -> float: ...
    def run(self, first: int, last: int, n_jobs: int) -> tuple[float, int, int]: ...
    def heldout_loss(self, centres: Int32, partners: Int32, negatives: Int32) -> float: ...

def top_k(queries: Float32, rows: Float32, exclude: Int32, k: int, n_jobs: int) -> tuple[Int32, Float32]: ...
