#include "network_set.h"

#include <algorithm>

namespace ip_filter {

NetworkSet::NetworkSet(const std::vector<address::Network>& networks) {
    for (const address::Network& network : networks) {
        Range range{network.address.bytes, network.address.bytes};
        for (unsigned bit = network.bits; bit < 128; ++bit)
            range.last[bit / 8] = static_cast<uint8_t>(range.last[bit / 8] | 0x80U >> bit % 8);
        (network.is_v4() ? v4_ : v6_).push_back(range);
    }
    v4_ = merged(std::move(v4_));
    v6_ = merged(std::move(v6_));
}

NetworkSet::Ranges NetworkSet::merged(Ranges all) {
    std::sort(all.begin(), all.end(), [](const Range& a, const Range& b) { return a.first < b.first; });
    Ranges ranges;
    for (const Range& range : all) {
        if (!ranges.empty() && range.first <= ranges.back().last) {
            ranges.back().last = std::max(ranges.back().last, range.last);
        } else {
            ranges.push_back(range);
        }
    }
    ranges.shrink_to_fit();
    return ranges;
}

bool NetworkSet::contains(const address::Address& one) const {
    const Ranges& ranges = one.is_v4() ? v4_ : v6_;
    const auto after =
        std::upper_bound(ranges.begin(), ranges.end(), one.bytes,
                         [](const Bytes& bytes, const Range& range) { return bytes < range.first; });
    return after != ranges.begin() && one.bytes <= std::prev(after)->last;
}

}  // namespace ip_filter
