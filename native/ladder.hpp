// Counts, for each of a few candidates, how many points come before it when all points pass by with their scores.
//
// The candidates' scores are the rungs of a ladder, worst first. A point that passes at rung i comes before the rungs
// below i, so one count a point is enough: a candidate's rank is 1 plus the counts above it. What a point costs does
// not grow with the number of rungs: a table of even steps between the worst and the best score says which few rungs
// are left to compare.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

namespace firth {

class Ladder {
  public:
    // Takes the m candidates `rows` with their `scores`.
    void set(const int32_t* rows, const float* scores, int64_t m) {
        rungs_.resize(size_t(m));
        for (int64_t i = 0; i < m; ++i) rungs_[size_t(i)] = {scores[i], rows[i], int32_t(i)};
        std::sort(rungs_.begin(), rungs_.end(),
                  [](const Rung& a, const Rung& b) { return before({b.score, b.row}, {a.score, a.row}); });
        passed_.assign(size_t(m) + 1, 0);
        level_.assign(size_t(m) + 1, 0);
        scale_ = 0.0f;
        if (m == 0) return;
        const float spread = rungs_.back().score - rungs_.front().score;
        if (spread > 0) scale_ = std::min(float(n_steps - 1) / spread, 3e38f);
        int64_t rung = 0;
        for (int step = 0; step <= n_steps; ++step) {
            while (rung < m && step_of(rungs_[size_t(rung)].score) < step) ++rung;
            first_[step] = int32_t(rung);
        }
    }

    // A point with a score below this comes before none.
    float lowest() const { return rungs_.empty() ? __builtin_inff() : rungs_.front().score; }

    // A point passes by. Its score is at least lowest().
    void pass(float score, int32_t row) {
        const int step = step_of(score);
        int32_t low = first_[step], high = first_[step + 1];
        while (low < high) {
            const int32_t middle = (low + high) / 2;
            const Rung& rung = rungs_[size_t(middle)];
            if (before({score, row}, {rung.score, rung.row}))
                low = middle + 1;
            else
                high = middle;
        }
        ++passed_[size_t(low)];
        if (low > 0 && rungs_[size_t(low - 1)].score == score) ++level_[size_t(low)];
    }

    // Writes each candidate's rank: 1 and the number of points that came before it; and of these, how many had the
    // candidate's very score and only a lower row.
    void take(int32_t* ranks, int32_t* ties) const {
        int32_t rank = 1, tied = 0;
        for (size_t i = rungs_.size(); i-- > 0;) {
            const Rung& rung = rungs_[i];
            if (i + 1 < rungs_.size() && rungs_[i + 1].score != rung.score) tied = 0;
            rank += passed_[i + 1];
            tied += level_[i + 1];
            ranks[rung.place] = rank;
            ties[rung.place] = tied;
        }
    }

  private:
    static constexpr int n_steps = 256;

    struct Rung {
        float score;
        int32_t row, place;
    };
    struct Point {
        float score;
        int32_t row;
    };

    static bool before(const Point& a, const Point& b) {
        return a.score > b.score || (a.score == b.score && a.row < b.row);
    }

    // Never falls as the score grows, so that rungs on lower steps are lower and those on higher steps are not.
    int step_of(float score) const {
        const float x = (score - rungs_.front().score) * scale_;
        return x < float(n_steps - 1) ? int(x) : n_steps - 1;
    }

    float scale_ = 0.0f;
    std::vector<Rung> rungs_;              // worst first
    std::vector<int32_t> passed_, level_;  // at each rung; of these, with the score of the rung below
    int32_t first_[n_steps + 1];           // the lowest rung on this step or a higher one
};

}  // namespace firth
