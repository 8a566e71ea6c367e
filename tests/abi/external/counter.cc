#include "counter.h"

int counted() {
    return ++Counter<int>::count;
}
