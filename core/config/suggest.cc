#include "core/config/suggest.h"

#include <algorithm>
#include <array>

namespace gatewayd::config {

namespace {

constexpr size_t max_compared = 64;

std::string normalised(std::string_view word) {
    std::string out(word.substr(0, max_compared));
    for (char& c : out) {
        if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
        if (c == '-') c = '_';
    }
    return out;
}

// "port" of "node_port", "warn" of "warning": what a person leaves out or adds.
bool is_part_of(std::string_view word, std::string_view candidate) {
    const std::string given = normalised(word);
    const std::string valid = normalised(candidate);
    if (given.size() >= 3 && valid.size() >= 3 && (given.rfind(valid, 0) == 0 || valid.rfind(given, 0) == 0))
        return true;
    return !given.empty() && ("_" + valid + "_").find("_" + given + "_") != std::string::npos;
}

}  // namespace

size_t edit_distance(std::string_view left, std::string_view right) {
    const std::string a = normalised(left);
    const std::string b = normalised(right);
    using Row = std::array<size_t, max_compared + 1>;
    Row before{};  // two rows above `row`
    Row above{};
    Row row{};
    for (size_t j = 0; j <= b.size(); ++j)
        row[j] = j;
    for (size_t i = 1; i <= a.size(); ++i) {
        before = above;
        above = row;
        row[0] = i;
        for (size_t j = 1; j <= b.size(); ++j) {
            row[j] = std::min({above[j] + 1, row[j - 1] + 1, above[j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1)});
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
                row[j] = std::min(row[j], before[j - 2] + 1);
            }
        }
    }
    return row[b.size()];
}

std::string nearest(std::string_view word, const std::vector<std::string>& valid) {
    std::string best;
    size_t best_distance = std::max<size_t>(2, word.size() / 3) + 1;
    for (const std::string& candidate : valid) {
        const size_t distance = is_part_of(word, candidate) ? 1 : edit_distance(word, candidate);
        // A word of which nothing is left is no likeness.
        if (distance < best_distance && distance < candidate.size()) {
            best = candidate;
            best_distance = distance;
        }
    }
    return best;
}

}  // namespace gatewayd::config
