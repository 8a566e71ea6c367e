#include "swap.h"

class SwapV1 final : public swap_test::Swap {
   public:
    SwapV1() : Swap(1) {}
};
GATEWAY_PLUGIN(SwapV1, "swap", "1.0.0", "message")
