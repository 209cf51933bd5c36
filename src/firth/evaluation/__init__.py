"""Whether vectors are any good, and compared with what."""

from firth.evaluation.analogy import AnalogyResult, AnalogyScore, analogies
from firth.evaluation.groups import Agreement, agreement
from firth.evaluation.questions import AnalogyQuestions, WordPairs
from firth.evaluation.tags import TagQuality, TagScore, tag_quality
from firth.evaluation.words import SimilarityResult, similarity

__all__ = [
    "Agreement",
    "AnalogyQuestions",
    "AnalogyResult",
    "AnalogyScore",
    "SimilarityResult",
    "TagQuality",
    "TagScore",
    "WordPairs",
    "agreement",
    "analogies",
    "similarity",
    "tag_quality",
]
