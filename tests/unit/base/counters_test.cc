#include "core/base/counters.h"

#include <doctest/doctest.h>

#include <set>
#include <string>

#include "core/base/disconnect.h"

namespace gatewayd {
namespace {

template <typename Enum>
void check_names(int count) {
    std::set<std::string> names;
    for (int i = 0; i < count; ++i)
        names.insert(name(static_cast<Enum>(i)));
    CHECK(names.size() == static_cast<size_t>(count));
    CHECK_FALSE(names.count("unknown"));
    CHECK(std::string(name(static_cast<Enum>(count))) == "unknown");  // the count is the number of values
}

TEST_CASE("each reason and class has its own name, and the arrays have room for all") {
    check_names<RejectReason>(reject_reason_count);
    check_names<TypeClass>(type_class_count);
    check_names<SlowClientAction>(slow_client_action_count);
    check_names<DisconnectReason>(disconnect_reason_count);
}

TEST_CASE("a counter adds and subtracts") {
    Counter counter;
    counter.add();
    counter.add(10);
    counter.sub(4);
    CHECK(counter.get() == 7);
}

}  // namespace
}  // namespace gatewayd
