// Keys and codes: texts numbered in the order in which they are first met, and how often each was.
#pragma once

#include <algorithm>
#include <bit>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace firth {

namespace detail {

inline uint64_t load(const char* p, size_t n) {
    uint64_t word = 0;
    std::memcpy(&word, p, n);
    return word;
}

inline uint64_t mix(uint64_t a, uint64_t b) {
    const auto product = static_cast<unsigned __int128>(a) * b;
    return uint64_t(product) ^ uint64_t(product >> 64);
}

}  // namespace detail

// A hash of multiplications of 64 by 64 bits, in the manner of wyhash (Wang Yi, public domain): 16 bytes a round, and
// loads that overlap in place of a loop over the bytes left over.
inline uint64_t hash_text(std::string_view text) {
    constexpr uint64_t k0 = 0xA0761D6478BD642F, k1 = 0xE7037ED1A0B428DB;
    const char* p = text.data();
    const size_t n = text.size();
    uint64_t a = 0, b = 0, state = k0;
    if (n > 16) {
        for (size_t i = 0; i + 16 < n; i += 16)
            state = detail::mix(detail::load(p + i, 8) ^ k1, detail::load(p + i + 8, 8) ^ state);
        a = detail::load(p + n - 16, 8);
        b = detail::load(p + n - 8, 8);
    } else if (n >= 8) {
        a = detail::load(p, 8);
        b = detail::load(p + n - 8, 8);
    } else if (n >= 4) {
        a = detail::load(p, 4);
        b = detail::load(p + n - 4, 4);
    } else if (n > 0) {
        a = uint64_t(uint8_t(p[0])) << 16 | uint64_t(uint8_t(p[n / 2])) << 8 | uint8_t(p[n - 1]);
    }
    return detail::mix(k1 ^ n, detail::mix(a ^ k1, b ^ state));
}

class TextTable {
  public:
    TextTable() : slots_(1024) {}

    int32_t size() const { return int32_t(keys_.size()); }
    std::string_view key(int32_t code) const {
        const Key& key = keys_[size_t(code)];
        return {letters_.data() + key.begin, key.length};
    }
    uint64_t hash(int32_t code) const { return keys_[size_t(code)].hash; }
    int64_t count(int32_t code) const { return counts_[size_t(code)]; }

    // The code of `text`, which is numbered if it is new; counted `times`. `hash` is hash_text(text).
    int32_t add(std::string_view text, uint64_t hash, int64_t times) {
        for (size_t at = hash & (slots_.size() - 1);; at = (at + 1) & (slots_.size() - 1)) {
            const Slot slot = slots_[at];
            if (slot.code < 0) return insert(text, hash, times, at);
            if (slot.tag == uint32_t(hash >> 32) && key(slot.code) == text) {
                counts_[size_t(slot.code)] += times;
                return slot.code;
            }
        }
    }

  private:
    struct Key {
        uint64_t begin, hash;
        uint32_t length;
    };
    struct Slot {
        uint32_t tag = 0;
        int32_t code = -1;
    };

    int32_t insert(std::string_view text, uint64_t hash, int64_t times, size_t at) {
        if (keys_.size() == size_t(INT32_MAX)) throw std::overflow_error("at most 2**31 - 1 distinct keys");
        const int32_t code = size();
        keys_.push_back({letters_.size(), hash, uint32_t(text.size())});
        letters_.append(text);
        counts_.push_back(times);
        slots_[at] = {uint32_t(hash >> 32), code};
        if (keys_.size() * 2 > slots_.size()) grow();
        return code;
    }

    void grow() {
        std::vector<Slot> larger(slots_.size() * 4);
        for (int32_t code = 0; code < size(); ++code) {
            const uint64_t hash = keys_[size_t(code)].hash;
            size_t at = hash & (larger.size() - 1);
            while (larger[at].code >= 0) at = (at + 1) & (larger.size() - 1);
            larger[at] = {uint32_t(hash >> 32), code};
        }
        slots_ = std::move(larger);
    }

    std::string letters_;  // all keys, one after another
    std::vector<Key> keys_;
    std::vector<int64_t> counts_;
    std::vector<Slot> slots_;  // a power of two, at most half of them taken
};

// The codes by count descending, then by the keys' bytes (which is the order of their characters).
inline std::vector<int64_t> text_order(const TextTable& table, const int64_t* counts) {
    struct Entry {
        int64_t count;
        uint64_t head;  // the first eight bytes as a number, which settles nearly every comparison
        int32_t code;
    };
    std::vector<Entry> entries(size_t(table.size()));
    for (int32_t code = 0; code < table.size(); ++code) {
        const std::string_view key = table.key(code);
        uint64_t head = detail::load(key.data(), std::min<size_t>(key.size(), 8));
        if constexpr (std::endian::native == std::endian::little) head = __builtin_bswap64(head);
        entries[size_t(code)] = {counts[code], head, code};
    }
    std::sort(entries.begin(), entries.end(), [&table](const Entry& one, const Entry& other) {
        if (one.count != other.count) return one.count > other.count;
        if (one.head != other.head) return one.head < other.head;
        return table.key(one.code) < table.key(other.code);
    });
    std::vector<int64_t> order;
    order.reserve(entries.size());
    for (const Entry& entry : entries) order.push_back(entry.code);
    return order;
}

}  // namespace firth
