/* included.cpp: is the header one of C++, too? A program that builds an index over one square and asks it. */
#include "polymatch.h"

int main() {
    const double square[] = {0, 0, 4, 0, 4, 4, 0, 4};
    const int64_t rings[] = {0, 4}, polygons[] = {0, 1};
    pm_index *index = nullptr;
    pm_error error;
    pm_status status = pm_index_build_arrays(square, 4, rings, 1, polygons, 1, nullptr, 0, nullptr, PM_COVERS,
                                             PM_SMALLEST, nullptr, nullptr, 0, 0, 0, nullptr, 0, 0, &index, &error);
    bool right =
        status == PM_OK && pm_index_match_one(index, 4, 4) == 0 && pm_index_match_one(index, 5, 4) == PM_NO_MATCH;
    pm_index_free(index);
    return right ? 0 : 1;
}
