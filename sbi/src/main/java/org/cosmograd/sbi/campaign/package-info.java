/// Simulation campaigns: many runs of a simulator whose numbers do not depend on threads, interruptions or restarts.
@NullMarked
package org.cosmograd.sbi.campaign;

import org.jspecify.annotations.NullMarked;
