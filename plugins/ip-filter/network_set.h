// NetworkSet: whether an address is in one of many networks: the ranges that they cover, sorted and merged,
// 32 bytes each; a look-up is a binary search. Made once, then constant: any thread.
#ifndef GATEWAYD_PLUGINS_IP_FILTER_NETWORK_SET_H
#define GATEWAYD_PLUGINS_IP_FILTER_NETWORK_SET_H

#include <cstddef>
#include <vector>

#include "../common/address.h"

namespace ip_filter {

class NetworkSet {
   public:
    NetworkSet() = default;
    explicit NetworkSet(const std::vector<address::Network>& networks);

    bool contains(const address::Address& one) const;

   private:
    using Bytes = decltype(address::Address::bytes);
    struct Range {
        Bytes first;
        Bytes last;
    };
    using Ranges = std::vector<Range>;  // by first; they do not overlap
    static Ranges merged(Ranges all);

    Ranges v4_;
    Ranges v6_;
};

}  // namespace ip_filter

#endif
