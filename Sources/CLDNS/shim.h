#pragma once
#include <stdlib.h>
#include <ldns/ldns.h>
