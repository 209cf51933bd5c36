// Counts, for each of a few candidates, how many points come before it when all points pass by with their scores.
//
// The candidates' scores are the rungs of a ladder, worst first. A point that passes at rung i comes before the rungs
// below i, so one count a point is enough: a candidate's rank is 1 plus the counts above it. What a point costs does
// not grow with the number of rungs: a table of even steps between the worst and the best score leaves one rung to
// compare, as a rule, and that without a branch.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace firth {

class Ladder {
  public:
    // Takes the m candidates `rows` with their `scores`.
    void set(const int32_t* rows, const float* scores, int64_t m) {
        places_.resize(size_t(m));
        for (int64_t i = 0; i < m; ++i) places_[size_t(i)] = int32_t(i);
        std::sort(places_.begin(), places_.end(), [=](int32_t a, int32_t b) {
            return scores[a] < scores[b] || (scores[a] == scores[b] && rows[a] > rows[b]);
        });
        scores_.assign(size_t(m) + 1, __builtin_inff());  // which ends every search
        rows_.resize(size_t(m));
        for (int64_t i = 0; i < m; ++i) {
            scores_[size_t(i)] = scores[places_[size_t(i)]];
            rows_[size_t(i)] = rows[places_[size_t(i)]];
        }
        passed_.assign(size_t(m) + 1, 0);
        level_.assign(size_t(m) + 1, 0);
        set_steps(m);
    }

    // A point with a score below this comes before none.
    float lowest() const { return scores_.front(); }

    // A point passes by.
    void pass(float score, int32_t row) {
        const int step = step_of(score);
        const float* scores = scores_.data();
        int32_t rung = first_[step];
        rung += score > scores[rung];
        if (__builtin_expect(score > scores[rung], 0))
            rung = int32_t(std::lower_bound(scores + rung, scores + first_[step + 1], score) - scores);
        if (__builtin_expect(score == scores[rung], 0)) rung = pass_level(score, row, rung);
        ++passed_[size_t(rung)];
    }

    // Writes each candidate's rank: 1 and the number of points that came before it; and of these, how many had the
    // candidate's very score and only a lower row.
    void take(int32_t* ranks, int32_t* ties) const {
        int32_t rank = 1, tied = 0;
        for (size_t i = rows_.size(); i-- > 0;) {
            if (scores_[i + 1] != scores_[i]) tied = 0;
            rank += passed_[i + 1];
            tied += level_[i + 1];
            ranks[places_[i]] = rank;
            ties[places_[i]] = tied;
        }
    }

  private:
    static constexpr int n_steps = 512;

    void set_steps(int64_t m) {
        low_ = m ? scores_[0] : 0.0f;
        const float spread = m ? scores_[size_t(m) - 1] - low_ : 0.0f;
        scale_ = spread > 0 ? std::min(float(n_steps - 1) / spread, 3e38f) : 0.0f;
        int32_t rung = 0;
        for (int step = 0; step <= n_steps; ++step) {
            while (rung < m && step_of(scores_[size_t(rung)]) < step) ++rung;
            first_[step] = rung;
        }
    }

    // Never falls as the score grows, so that rungs on lower steps are lower and those on higher steps are not.
    int step_of(float score) const {
        float x = (score - low_) * scale_;
        x = x < float(n_steps - 1) ? x : float(n_steps - 1);
        return int(x > 0.0f ? x : 0.0f);
    }

    // Of the rungs with the point's score, which lie from `rung` on, it passes those of higher rows.
    int32_t pass_level(float score, int32_t row, int32_t rung) {
        const auto end = std::upper_bound(scores_.begin() + rung, scores_.end() - 1, score) - scores_.begin();
        const auto above =
            std::partition_point(rows_.begin() + rung, rows_.begin() + end, [row](int32_t each) { return each > row; });
        const int32_t passed = int32_t(above - rows_.begin());
        if (passed > rung) ++level_[size_t(passed)];
        return passed;
    }

    float low_ = 0.0f, scale_ = 0.0f;
    std::vector<float> scores_;            // of the rungs, worst first, then infinity
    std::vector<int32_t> rows_, places_;   // of the rungs: their rows, and where they stood among the candidates
    std::vector<int32_t> passed_, level_;  // at each rung; of these, with the score of the rung below
    int32_t first_[n_steps + 1];           // the lowest rung on this step or a higher one
};

}  // namespace firth
