// Training positions out of ordered contexts: a token as the centre, the tokens of its window as its partners.
//
// An epoch visits every chunk of tokens once, as they come or by blocks of chunks in a drawn order. What a position is
// (whether a token survives subsampling, how far its window reaches) is drawn from a hash of the seed, the epoch and
// the token's place, so a window sees over the edges of its chunk, and the positions do not depend on how the tokens
// are cut into chunks.
#pragma once

#include <algorithm>
#include <cstdint>
#include <vector>

#include "permutation.hpp"
#include "philox.hpp"
#include "split_mix.hpp"
#include "walks.hpp"

namespace firth {

// Tokens that survived, in order, and their windows.
struct Windows {
    struct Segment {
        int32_t begin, end;   // of the tokens below: no window reaches over a segment's edge
        int32_t first, last;  // the centres among them
    };
    std::vector<int32_t> ids;
    std::vector<uint32_t> words;  // one random word per token, for its window
    std::vector<Segment> segments;
    std::vector<int32_t> walked;  // tokens of walks, and where each begins
    std::vector<int64_t> begins;

    void clear() {
        ids.clear();
        words.clear();
        segments.clear();
    }
};

constexpr int max_reach = 1 << 16;  // tokens of a window on one side

struct Sequences {
    const int32_t* tokens;
    const int64_t* offsets;  // (n_sequences + 1)
    int64_t n_sequences;
    int32_t n_known;       // ids from here on are dropped items
    int32_t unknown;       // what they are read as; -1: they are skipped
    const uint32_t* keep;  // (n_items) a token survives subsampling if its word is at most this
    int before, after;     // how far a window reaches
    bool shrink;           // draw each window's reach between 1 and these
    int64_t chunk_size;    // tokens
    uint64_t heldout_salt;
    uint32_t heldout_threshold;  // of 2**32
    uint64_t seed;
    uint32_t context;      // its number, so that two contexts draw differently
    int64_t block_chunks;  // chunks of a block, which are visited in their order; 0: all are
    // Instead of tokens and offsets: walks, n_sequences of them, which are made when a chunk is read. A chunk is of
    // whole walks, and their places are those that all walks end to end would have.
    const Walks* walks = nullptr;
    int64_t first_place = 0;  // of tokens[0] among all

    static constexpr int64_t heldout_size = 1000;  // tokens that are held out together: a sequence, or a part of one
    static constexpr int64_t max_look = 1 << 16;   // tokens beyond a chunk's edge, where hardly any survives

    int64_t n_tokens() const { return walks ? n_sequences * walks->length : offsets[n_sequences]; }
    int64_t n_chunks() const { return (n_tokens() + chunk_size - 1) / chunk_size; }

    // The chunk that comes at a turn of an epoch. Whole blocks come in an order that is drawn anew for each epoch, what
    // is left over comes last. The order's key is that of a token before all others.
    int64_t chunk_at(int64_t epoch, int64_t turn) const {
        const int64_t n_blocks = block_chunks ? n_chunks() / block_chunks : 0;
        const int64_t block = block_chunks ? turn / block_chunks : 0;
        if (block >= n_blocks) return turn;
        const Permutation order(uint64_t(n_blocks), split_mix(epoch_salt(epoch), UINT64_MAX));
        return int64_t(order(uint64_t(block))) * block_chunks + turn % block_chunks;
    }

    uint64_t epoch_salt(int64_t epoch) const {
        Stream stream(seed, Purpose::sequences, uint64_t(context) << 40 | uint64_t(epoch));
        const uint64_t low = stream.next();
        return low | uint64_t(stream.next()) << 32;
    }

    // Collects the tokens of a chunk that survive, those around it that its windows reach, and the segments.
    // `want_heldout`: of the other side of the held-out split.
    void collect(int64_t epoch, int64_t chunk, bool want_heldout, Windows& windows) const {
        if (walks) return collect_walks(epoch, chunk, want_heldout, windows);
        windows.clear();
        const uint64_t salt = epoch_salt(epoch);
        const int64_t begin = chunk * chunk_size, end = std::min(begin + chunk_size, n_tokens());
        int64_t s = std::upper_bound(offsets, offsets + n_sequences + 1, begin) - offsets - 1;
        const int reach = std::max(before, after);
        int64_t t = begin;
        while (t < end) {
            while (offsets[s + 1] <= t) ++s;
            const int64_t block = heldout_block(s, t);
            const int64_t block_end = std::min({offsets[s + 1], block + heldout_size, end});
            if (is_heldout(block) != want_heldout) {
                t = block_end;
                continue;
            }
            Windows::Segment segment;
            segment.begin = int32_t(windows.ids.size());
            if (t == begin) look_back(salt, s, t, reach, want_heldout, windows);
            segment.first = int32_t(windows.ids.size());
            // On through the blocks of this sequence that lie on the same side of the split.
            int64_t stop = block_end;
            while (stop < std::min(offsets[s + 1], end) && is_heldout(heldout_block(s, stop)) == want_heldout)
                stop = std::min({offsets[s + 1], stop + heldout_size, end});
            for (; t < stop; ++t) take(salt, t, windows);
            segment.last = int32_t(windows.ids.size());
            if (t == end) look_ahead(salt, s, t, reach, want_heldout, windows);
            segment.end = int32_t(windows.ids.size());
            if (segment.last > segment.first && segment.end - segment.begin > 1) windows.segments.push_back(segment);
        }
    }

    // The window of token i of a segment: partners are tokens first .. last-1 but for i itself.
    void window(const Windows& windows, const Windows::Segment& segment, int32_t i, int32_t& first,
                int32_t& last) const {
        int left = before, right = after;
        if (shrink) {
            const uint64_t word = windows.words[size_t(i)];
            left = before ? 1 + int((word * uint64_t(before)) >> 32) : 0;
            right = after ? 1 + int((word * uint64_t(after)) >> 32) : 0;
        }
        first = std::max(segment.begin, i - left);
        last = int32_t(std::min(int64_t(segment.end), int64_t(i) + right + 1));
    }

    // Pairs that an epoch trains.
    int64_t count_pairs(int64_t epoch, int64_t chunk, bool want_heldout, Windows& windows) const {
        collect(epoch, chunk, want_heldout, windows);
        int64_t n = 0;
        for (const Windows::Segment& segment : windows.segments)
            for (int32_t i = segment.first; i < segment.last; ++i) {
                int32_t first, last;
                window(windows, segment, i, first, last);
                n += last - first - 1;
            }
        return n;
    }

  private:
    // The chunk's walks are sequences like others, once they are made.
    void collect_walks(int64_t epoch, int64_t chunk, bool want_heldout, Windows& windows) const {
        const int64_t begin = chunk * chunk_size, end = std::min(begin + chunk_size, n_tokens());
        const int64_t first = begin / walks->length, last = end / walks->length;
        windows.walked.resize(size_t(end - begin));
        walks->walk(seed, context, epoch, first, last, windows.walked.data());
        windows.begins.clear();
        for (int64_t place = 0; place <= end - begin; place += walks->length) windows.begins.push_back(place);
        Sequences made = *this;
        made.walks = nullptr;
        made.tokens = windows.walked.data();
        made.offsets = windows.begins.data();
        made.n_sequences = last - first;
        made.first_place = begin;
        made.chunk_size = end - begin;
        made.collect(epoch, 0, want_heldout, windows);
    }

    int64_t heldout_block(int64_t sequence, int64_t t) const { return t - (t - offsets[sequence]) % heldout_size; }

    bool is_heldout(int64_t block) const {
        return uint32_t(split_mix(heldout_salt, uint64_t(first_place + block)) >> 32) < heldout_threshold;
    }

    // Adds token t if it is of a known item and survives subsampling.
    bool take(uint64_t salt, int64_t t, Windows& windows) const {
        int32_t id = tokens[t];
        if (uint32_t(id) >= uint32_t(n_known)) {
            if (unknown < 0) return false;
            id = unknown;
        }
        const uint64_t word = split_mix(salt, uint64_t(first_place + t));
        if (uint32_t(word) > keep[id]) return false;
        windows.ids.push_back(id);
        windows.words.push_back(uint32_t(word >> 32));
        return true;
    }

    void look_back(uint64_t salt, int64_t s, int64_t t, int n, bool want_heldout, Windows& windows) const {
        const size_t begin = windows.ids.size();
        const int64_t stop = std::max(offsets[s], t - max_look);
        while (n > 0 && t > stop && is_heldout(heldout_block(s, t - 1)) == want_heldout) n -= take(salt, --t, windows);
        std::reverse(windows.ids.begin() + int64_t(begin), windows.ids.end());
        std::reverse(windows.words.begin() + int64_t(begin), windows.words.end());
    }

    void look_ahead(uint64_t salt, int64_t s, int64_t t, int n, bool want_heldout, Windows& windows) const {
        const int64_t stop = std::min(offsets[s + 1], t + max_look);
        while (n > 0 && t < stop && is_heldout(heldout_block(s, t)) == want_heldout) n -= take(salt, t++, windows);
    }
};

}  // namespace firth
