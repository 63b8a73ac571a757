package org.cosmograd.sbi.plot;

/// Colours that readers with any common colour vision tell apart (Okabe and Ito 2008, reordered; yellow left out because it
/// vanishes on white).
///
/// A series sets `color` and a class on its group, and its elements use `currentColor`; a dark page may then lighten the
/// class `series-k` without knowing the picture.
final class Palette {

    private static final String[] COLOURS = {"#0072b2", "#d55e00", "#009e73", "#b8579a", "#e69f00", "#3fa0d8"};
    private static final String[] ON_DARK = {"#4aa8e8", "#f0844a", "#2cc59a", "#df8fc4", "#f0b93a", "#85c8f2"};

    private Palette() {}

    /// The colour of series `k`, given as attributes of its group.
    static Object[] series(int k) {
        int i = Math.floorMod(k, COLOURS.length);
        return new Object[] {"class", "series-" + i, "color", COLOURS[i]};
    }

    /// CSS rules that lighten all series.
    static String darkRules() {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < ON_DARK.length; i++) out.append(".series-").append(i).append("{color:").append(ON_DARK[i]).append("}\n");
        return out.toString();
    }
}
