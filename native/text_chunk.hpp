// A piece of text as codes of its own, so that pieces can be read by different threads and joined in their order.
#pragma once

#include <array>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "text_table.hpp"
#include "text_utf8.hpp"

namespace firth {

constexpr size_t max_invalid_examples = 3;

struct TextChunk {
    TextTable table;
    std::vector<int32_t> codes;    // of `table`
    std::vector<int64_t> lengths;  // tokens of each line; of the last, which may go on in the next chunk, if `is_open`
    bool is_open = false;
    int64_t n_line_ends = 0;
    int64_t n_rejected = 0;                                // tokens longer than the limit
    int64_t n_invalid_bytes = 0;                           // bytes that were no UTF-8
    std::vector<std::pair<int64_t, std::string>> invalid;  // a few tokens with such bytes: lines before, text
};

namespace detail {

enum ByteKind : uint8_t { other, space, line_end };

// ASCII's white space: what bytes.split() of Python splits at.
inline constexpr std::array<uint8_t, 256> byte_kinds = [] {
    std::array<uint8_t, 256> kinds{};
    for (const char c : {' ', '\t', '\r', '\v', '\f'}) kinds[uint8_t(c)] = space;
    kinds[uint8_t('\n')] = line_end;
    return kinds;
}();

inline void lower_ascii(std::string_view text, std::string& lowered) {
    lowered.assign(text);
    for (char& c : lowered)
        if (c >= 'A' && c <= 'Z') c = char(c + ('a' - 'A'));
}

}  // namespace detail

// Splits at ASCII white space; a line's end ends a sequence. ASCII letters are lower-cased here if asked for: whoever
// wants all of Unicode lower-cases the keys that are left, which are few, for a letter's case does not depend on what
// stands beyond white space.
class Tokenizer {
  public:
    Tokenizer(bool lowercase, size_t max_token) : lowercase_(lowercase), max_token_(max_token) {}

    TextChunk run(std::string_view data) {
        TextChunk chunk;
        chunk.codes.reserve(data.size() / 5);
        size_t line_begin = 0;  // in codes
        const char* p = data.data();
        const char* const end = p + data.size();
        while (p < end) {
            const uint8_t kind = detail::byte_kinds[uint8_t(*p)];
            if (kind == detail::other) {
                const char* begin = p;
                uint8_t seen = 0;
                while (p < end && detail::byte_kinds[uint8_t(*p)] == detail::other) seen |= uint8_t(*p++);
                token({begin, size_t(p - begin)}, seen < 0x80, chunk);
                continue;
            }
            if (kind == detail::line_end) {
                chunk.lengths.push_back(int64_t(chunk.codes.size() - line_begin));
                line_begin = chunk.codes.size();
                ++chunk.n_line_ends;
            }
            ++p;
        }
        chunk.is_open = !data.empty() && data.back() != '\n';
        if (chunk.is_open) chunk.lengths.push_back(int64_t(chunk.codes.size() - line_begin));
        return chunk;
    }

  private:
    void token(std::string_view text, bool is_ascii, TextChunk& chunk) {
        if (text.size() > max_token_) {
            ++chunk.n_rejected;
            return;
        }
        if (!is_ascii) {
            if (const int64_t n = invalid_bytes(text)) {
                chunk.n_invalid_bytes += n;
                repaired_ = repaired(text);
                text = repaired_;
                if (chunk.invalid.size() < max_invalid_examples)
                    chunk.invalid.emplace_back(chunk.n_line_ends, repaired_.substr(0, 400));
            }
        }
        if (lowercase_) {
            detail::lower_ascii(text, lowered_);
            text = lowered_;
        }
        chunk.codes.push_back(chunk.table.add(text, hash_text(text), 1));
    }

    bool lowercase_;
    size_t max_token_;
    std::string repaired_, lowered_;
};

// Numbers the chunk's keys in `table`, in the order of the chunk, and its codes with them.
inline void merge_chunk(TextTable& table, TextChunk& chunk) {
    std::vector<int32_t> code_of(size_t(chunk.table.size()));
    for (int32_t code = 0; code < chunk.table.size(); ++code)
        code_of[size_t(code)] = table.add(chunk.table.key(code), chunk.table.hash(code), chunk.table.count(code));
    for (int32_t& code : chunk.codes) code = code_of[size_t(code)];
}

}  // namespace firth
