#include "l0/leaf_impl.hpp"
