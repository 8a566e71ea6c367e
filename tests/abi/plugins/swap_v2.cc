#include "swap.h"

class SwapV2 final : public swap_test::Swap {
   public:
    SwapV2() : Swap(2) {}
};
GATEWAY_PLUGIN(SwapV2, "swap", "2.0.0", "message")
