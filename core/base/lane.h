// Lane: which of the places for counters the running thread writes, so that no two threads write one: reactor
// N has lane N + 1, everything else, the control thread above all, lane 0.
#ifndef GATEWAYD_CORE_BASE_LANE_H
#define GATEWAYD_CORE_BASE_LANE_H

#include <cstddef>
#include <cstdint>

namespace gatewayd {

inline constexpr size_t max_lanes = 65;  // one, and max_reactors

inline thread_local uint32_t current_lane = 0;

}  // namespace gatewayd

#endif
