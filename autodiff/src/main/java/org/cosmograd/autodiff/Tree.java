package org.cosmograd.autodiff;

import java.lang.invoke.MethodHandle;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.MethodType;
import java.lang.reflect.RecordComponent;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.BinaryOperator;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/// Trees made of records, lists and maps whose leaves are tensors: models, optimiser states, batches. Other values (numbers,
/// strings, functions, records without tensors in them) ride along unchanged.
///
///     record Net(Tensor weight, Tensor bias) {}
///     Net moved = Tree.map(net, gradient, (p, g) -> p.sub(g.mul(0.1)));    // a step of gradient descent
///
/// Trees that should have one form and have not are a [ShapeException].
///
/// Laws: `map(t, x → x)` equals `t`; the leaves of a map are the map of the leaves; `rebuild(t, leaves(t))` equals `t`.
public final class Tree {
    private Tree() {}

    /// All tensors of a tree, in the order of record components, list elements and map entries.
    public static List<Tensor> leaves(Object tree) {
        List<Tensor> out = new ArrayList<>();
        collect(tree, out);
        return out;
    }

    /// All tensors by path, such as `body.layers.0.weight`.
    public static Map<String, Tensor> named(Object tree) {
        Map<String, Tensor> out = new LinkedHashMap<>();
        name("", tree, out);
        return out;
    }

    /// The tree with each tensor replaced by `f` of it.
    public static <T> T map(T tree, UnaryOperator<Tensor> f) {
        return cast(java.util.Objects.requireNonNull(transform(tree, f)));
    }

    /// Two trees of one form combined tensor by tensor.
    public static <T> T map(T a, T b, BinaryOperator<Tensor> f) {
        List<Tensor> right = leaves(b);
        if (leaves(a).size() != right.size()) {
            throw new ShapeException("Tree.map: trees of " + leaves(a).size() + " and " + right.size() + " tensors");
        }
        Iterator<Tensor> next = right.iterator();
        return map(a, x -> f.apply(x, next.next()));
    }

    /// A tree of the form of `example` with other tensors in it.
    public static <T> T rebuild(T example, List<Tensor> leaves) {
        Iterator<Tensor> next = leaves.iterator();
        T out = map(example, x -> {
            if (!next.hasNext()) {
                throw new ShapeException("Tree.rebuild: the tree has more than the " + leaves.size() + " tensors given");
            }
            return next.next();
        });
        if (next.hasNext()) {
            throw new ShapeException("Tree.rebuild: " + leaves.size() + " tensors given, the tree has fewer");
        }
        return out;
    }

    /// The number of elements of all tensors.
    public static long size(Object tree) {
        return leaves(tree).stream().mapToLong(t -> t.shape().size()).sum();
    }

    @SuppressWarnings("unchecked")
    private static <T> T cast(Object o) {
        return (T) o;
    }

    private static void collect(@Nullable Object node, List<Tensor> out) {
        switch (node) {
            case null -> {}
            case Tensor t -> out.add(t);
            case Record r -> {
                for (MethodHandle get : FORMS.get(r.getClass()).getters) {
                    collect(read(get, r), out);
                }
            }
            case List<?> l -> l.forEach(x -> collect(x, out));
            case Map<?, ?> m -> m.values().forEach(x -> collect(x, out));
            default -> {}
        }
    }

    private static void name(String path, @Nullable Object node, Map<String, Tensor> out) {
        String dot = path.isEmpty() ? "" : path + ".";
        switch (node) {
            case null -> {}
            case Tensor t -> out.put(path, t);
            case Record r -> {
                Form form = FORMS.get(r.getClass());
                for (int i = 0; i < form.names.length; i++) {
                    name(dot + form.names[i], read(form.getters[i], r), out);
                }
            }
            case List<?> l -> {
                for (int i = 0; i < l.size(); i++) {
                    name(dot + i, l.get(i), out);
                }
            }
            case Map<?, ?> m -> m.forEach((k, v) -> name(dot + k, v, out));
            default -> {}
        }
    }

    private static @Nullable Object transform(@Nullable Object node, UnaryOperator<Tensor> f) {
        return switch (node) {
            case null -> null;
            case Tensor t -> f.apply(t);
            case Record r -> {
                Form form = FORMS.get(r.getClass());
                @Nullable Object[] parts = new @Nullable Object[form.getters.length];
                boolean same = true;
                for (int i = 0; i < parts.length; i++) {
                    Object old = read(form.getters[i], r);
                    parts[i] = transform(old, f);
                    same &= parts[i] == old;
                }
                yield same ? r : make(form, parts);
            }
            case List<?> l -> {
                List<Object> copy = new ArrayList<>(l.size());
                boolean same = true;
                for (Object old : l) {
                    Object x = transform(old, f);
                    same &= x == old;
                    copy.add(java.util.Objects.requireNonNull(x));
                }
                yield same ? l : List.copyOf(copy);
            }
            case Map<?, ?> m -> {
                Map<Object, Object> copy = new LinkedHashMap<>();
                boolean same = true;
                for (Map.Entry<?, ?> e : m.entrySet()) {
                    Object x = transform(e.getValue(), f);
                    same &= x == e.getValue();
                    copy.put(e.getKey(), java.util.Objects.requireNonNull(x));
                }
                yield same ? m : java.util.Collections.unmodifiableMap(copy);
            }
            default -> node;
        };
    }

    private static @Nullable Object read(MethodHandle getter, Object record) {
        try {
            return getter.invokeExact(record);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static Object make(Form form, @Nullable Object[] parts) {
        try {
            return form.maker.invokeExact(parts);
        } catch (Throwable e) {
            throw rethrow(e);
        }
    }

    private static RuntimeException rethrow(Throwable e) {
        if (e instanceof RuntimeException r) {
            return r;
        } else if (e instanceof Error r) {
            throw r;
        }
        return new IllegalStateException(e);
    }

    /// How one record class is read and made; method handles are looked up once per class.
    private record Form(String[] names, MethodHandle[] getters, MethodHandle maker) {}

    private static final ClassValue<Form> FORMS = new ClassValue<>() {
        @Override
        protected Form computeValue(Class<?> type) {
            try {
                RecordComponent[] parts = type.getRecordComponents();
                MethodHandles.Lookup lookup = MethodHandles.privateLookupIn(type, MethodHandles.lookup());
                String[] names = new String[parts.length];
                MethodHandle[] getters = new MethodHandle[parts.length];
                Class<?>[] types = new Class<?>[parts.length];
                for (int i = 0; i < parts.length; i++) {
                    names[i] = parts[i].getName();
                    types[i] = parts[i].getType();
                    getters[i] = lookup.findVirtual(type, names[i], MethodType.methodType(types[i]))
                            .asType(MethodType.methodType(Object.class, Object.class));
                }
                MethodHandle maker = lookup.findConstructor(type, MethodType.methodType(void.class, types))
                        .asSpreader(Object[].class, types.length)
                        .asType(MethodType.methodType(Object.class, Object[].class));
                return new Form(names, getters, maker);
            } catch (ReflectiveOperationException e) {
                throw new IllegalArgumentException(
                        "Tree: the record " + type.getName() + " cannot be opened; declare it in an unnamed module or open its package", e);
            }
        }
    };
}
