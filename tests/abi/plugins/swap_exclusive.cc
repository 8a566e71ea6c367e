#include "swap.h"

// With `lock`, it fails to start while another instance runs.
class SwapExclusive final : public swap_test::Swap {
   public:
    SwapExclusive() : Swap(3) {}
};
GATEWAY_PLUGIN_WITH(SwapExclusive, "swap", "3.0.0", "message", "exclusive=yes\n")
