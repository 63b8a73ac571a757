package org.cosmograd.sbi.io;

import java.util.ArrayList;
import java.util.List;

/// The text of a label, as people type it, cut into runs on the base line, below it and above it.
///
/// Unicode subscripts and superscripts are recognised (`Ωₘ`, `w₀`, `χ²`), and for letters that Unicode lacks, braces:
/// `r_{d}`, `Ω_{b}`, `10^{-3}`. A bare `_` or `^` is an ordinary character, so `train_loss` stays as it is.
/// Pictures raise and lower the runs themselves, which needs no special glyphs in the reader's font.
///
/// @param runs the pieces in reading order
public record Label(List<Run> runs) {

    /// Where a run stands.
    public enum Place { BASE, SUBSCRIPT, SUPERSCRIPT }

    /// A piece of text.
    ///
    /// @param text ordinary characters
    /// @param place where it stands
    public record Run(String text, Place place) {}

    private static final String SUB = "₀₁₂₃₄₅₆₇₈₉₊₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓᵦᵧᵨᵩᵪ";
    private static final String SUB_BASE = "0123456789+−=()aehijklmnoprstuvxβγρφχ";
    private static final String SUPER = "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁼⁽⁾ⁿⁱ";
    private static final String SUPER_BASE = "0123456789+−=()ni";

    private static final String GREEK = "αβγδεζηθικλμνξοπρστυφχψωΓΔΘΛΞΠΣΦΨΩ";
    private static final String[] GREEK_NAMES = ("alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi "
            + "rho sigma tau upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Phi Psi Omega").split(" ");

    /// Copies the list.
    public Label {
        runs = List.copyOf(runs);
    }

    /// Cuts a label into runs.
    public static Label of(String text) {
        List<Run> runs = new ArrayList<>();
        StringBuilder run = new StringBuilder();
        Place place = Place.BASE;
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int close = (c == '_' || c == '^') && i + 1 < text.length() && text.charAt(i + 1) == '{' ? text.indexOf('}', i) : -1;
            String piece;
            Place next;
            if (close > 0) {
                piece = text.substring(i + 2, close);
                next = c == '_' ? Place.SUBSCRIPT : Place.SUPERSCRIPT;
                i = close;
            } else if (SUB.indexOf(c) >= 0) {
                piece = SUB_BASE.substring(SUB.indexOf(c), SUB.indexOf(c) + 1);
                next = Place.SUBSCRIPT;
            } else if (SUPER.indexOf(c) >= 0) {
                piece = SUPER_BASE.substring(SUPER.indexOf(c), SUPER.indexOf(c) + 1);
                next = Place.SUPERSCRIPT;
            } else {
                piece = String.valueOf(c);
                next = Place.BASE;
            }
            if (next != place && !run.isEmpty()) {
                runs.add(new Run(run.toString(), place));
                run.setLength(0);
            }
            place = next;
            run.append(piece);
        }
        if (!run.isEmpty()) runs.add(new Run(run.toString(), place));
        return new Label(runs);
    }

    /// The label as LaTeX without dollar signs, as `.paramnames` files want it: `Ωₘ` is `\Omega_{m}`.
    public String latex() {
        StringBuilder out = new StringBuilder();
        for (Run run : runs) {
            switch (run.place) {
                case BASE -> out.append(latex(run.text));
                case SUBSCRIPT -> out.append("_{").append(latex(run.text)).append('}');
                case SUPERSCRIPT -> out.append("^{").append(latex(run.text)).append('}');
            }
        }
        return out.toString();
    }

    private static String latex(String text) {
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < text.length(); i++) {
            char c = text.charAt(i);
            int greek = GREEK.indexOf(c);
            if (greek >= 0) {
                out.append('\\').append(GREEK_NAMES[greek]);
                // A letter after the command would become part of its name.
                if (i + 1 < text.length() && Character.isLetter(text.charAt(i + 1)) && GREEK.indexOf(text.charAt(i + 1)) < 0) out.append(' ');
            } else if (c == '−') {
                out.append('-');
            } else if (c == '·') {
                out.append("\\,");
            } else if (c == '_' || c == '%' || c == '#' || c == '&') {
                out.append('\\').append(c);
            } else {
                out.append(c);
            }
        }
        return out.toString();
    }
}
