"""Whether vectors are any good, and compared with what."""

from firth.evaluation.analogy import AnalogyResult, AnalogyScore, analogies
from firth.evaluation.clusters import ClusterQuality, ClusterScore, cluster_quality, silhouettes
from firth.evaluation.groups import Agreement, agreement
from firth.evaluation.items import ItemEvaluation, evaluate_items
from firth.evaluation.lasts import last_items
from firth.evaluation.partitions import adjusted_rand_index
from firth.evaluation.questions import AnalogyQuestions, WordPairs
from firth.evaluation.stability import Calibration, Stability, calibration, recurrence_rates
from firth.evaluation.tags import TagQuality, TagScore, tag_quality
from firth.evaluation.words import SimilarityResult, similarity

__all__ = [
    "Agreement",
    "AnalogyQuestions",
    "AnalogyResult",
    "AnalogyScore",
    "Calibration",
    "ClusterQuality",
    "ClusterScore",
    "ItemEvaluation",
    "SimilarityResult",
    "Stability",
    "TagQuality",
    "TagScore",
    "WordPairs",
    "adjusted_rand_index",
    "agreement",
    "analogies",
    "calibration",
    "cluster_quality",
    "evaluate_items",
    "last_items",
    "recurrence_rates",
    "silhouettes",
    "similarity",
    "tag_quality",
]
