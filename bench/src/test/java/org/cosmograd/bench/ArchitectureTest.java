package org.cosmograd.bench;

import static com.tngtech.archunit.core.domain.JavaCall.Predicates.target;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.fields;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.members;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.Architectures.layeredArchitecture;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.AccessTarget.CodeUnitCallTarget;
import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaCodeUnit;
import com.tngtech.archunit.core.domain.JavaField;
import com.tngtech.archunit.core.domain.JavaMember;
import com.tngtech.archunit.core.domain.JavaModifier;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchCondition;
import com.tngtech.archunit.lang.ArchRule;
import com.tngtech.archunit.lang.ConditionEvents;
import com.tngtech.archunit.lang.SimpleConditionEvent;
import com.tngtech.archunit.library.GeneralCodingRules;
import java.lang.reflect.Field;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.Predicate;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// The rules that are never broken.
class ArchitectureTest {
    private static final String KERNEL = "org.cosmograd.autodiff.kernel..";
    private static final String LAUNCHER = "org.cosmograd.bench.launch..";
    /// The JVM takes what is to be done at its end as a thread.
    private static final String FAREWELL = "org.cosmograd.bench.Farewell";
    private static final String OP = "org.cosmograd.autodiff.op..";
    private static final String BENCH = "org.cosmograd.bench..";

    /// What the primitives may know of the kernels: the vocabulary in which an elementwise function states its value.
    private static final Set<String> KERNEL_VOCABULARY = Set.of("Lanes", "ElementFunction", "Elementary");

    /// The primitives that may hold numbers: those that are nothing but numbers.
    private static final Set<String> LEAVES = Set.of("Constant", "Leaf", "Literal");

    /// What any module may need at run time, beside itself and the JDK.
    private static final List<String> LIBRARIES =
            List.of("org.jspecify.annotations..", "org.ejml..", "org.jtransforms..", "org.apache.commons.rng..");

    /// What `bench` may need beyond that.
    private static final List<String> BENCH_LIBRARIES = List.of("picocli..", "org.apache.commons.compress..", "com.sun.management..");

    /// Sources of randomness that are not a key.
    private static final Set<String> CHANCE = Set.of(
            "java.util.Random",
            "java.util.SplittableRandom",
            "java.util.concurrent.ThreadLocalRandom",
            "java.security.SecureRandom");

    /// Types whose static fields would be state.
    private static final List<String> STATE = List.of(
            "java.util.concurrent.atomic.",
            "java.util.concurrent.locks.",
            "java.lang.ThreadLocal",
            "java.lang.StringBuilder",
            "java.lang.ref.",
            "java.nio.",
            "java.util.BitSet");

    private static final JavaClasses COSMOGRAD = new ClassFileImporter()
            .withImportOption(new ImportOption.DoNotIncludeTests())
            .importPackages("org.cosmograd");

    @Test
    void arrowsPointAsDrawn() {
        var layers = layeredArchitecture()
                .consideringOnlyDependenciesInLayers()
                .withOptionalLayers(true);
        for (String module : List.of("autodiff", "nn", "flows", "sbi", "simulators", "bench")) {
            layers = layers.layer(module).definedBy("org.cosmograd." + module + "..");
        }
        check(layers.whereLayer("autodiff")
                .mayNotAccessAnyLayer()
                .whereLayer("nn")
                .mayOnlyAccessLayers("autodiff")
                .whereLayer("flows")
                .mayOnlyAccessLayers("autodiff", "nn")
                .whereLayer("sbi")
                .mayOnlyAccessLayers("autodiff", "nn", "flows")
                .whereLayer("simulators")
                .mayOnlyAccessLayers("autodiff"));
    }

    @Test
    void onlyKernelsUseVectorsAndGenerateCode() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(KERNEL)
                .should()
                .dependOnClassesThat()
                .resideInAnyPackage("jdk.incubator.vector..", "java.lang.classfile.."));
    }

    @Test
    void onlyKernelsStartThreads() {
        Set<String> executors = Set.of(
                "java.util.Timer",
                "java.util.concurrent.Executor",
                "java.util.concurrent.ExecutorService",
                "java.util.concurrent.Executors",
                "java.util.concurrent.ForkJoinPool",
                "java.util.concurrent.CompletableFuture",
                "java.util.concurrent.StructuredTaskScope");
        Set<String> starts = Set.of("<init>", "start", "startVirtualThread", "ofVirtual", "ofPlatform");
        check(noClasses()
                .that()
                .resideOutsideOfPackages(KERNEL, LAUNCHER)
                .and()
                .doNotHaveFullyQualifiedName(FAREWELL)
                .should()
                .dependOnClassesThat(is("an executor", c -> executors.contains(c.getName())))
                .orShould()
                .callCodeUnitWhere(target(is(
                        "starting a thread",
                        (CodeUnitCallTarget t) -> t.getOwner().isAssignableTo(Thread.class) && starts.contains(t.getName())
                                || t.getName().matches("parallelStream|parallel|parallelPrefix|parallelSort|parallelSetAll")
                                        && t.getOwner().getPackageName().startsWith("java.util")))));
    }

    @Test
    void primitivesAreWrittenInTermsOfTensors() {
        check(noClasses()
                .that()
                .resideInAPackage(OP)
                .should()
                .dependOnClassesThat(is(
                        "kernels beyond " + KERNEL_VOCABULARY,
                        c -> resides(KERNEL, c) && !KERNEL_VOCABULARY.contains(outermost(c).getSimpleName()))));
        check(members().that().areDeclaredInClassesThat().resideInAPackage(OP).should(satisfy("hold no numbers", m -> {
            boolean numbers = signature(m).anyMatch(t -> Set.of("[F", "[D").contains(t.getName()));
            return numbers && !LEAVES.contains(m.getOwner().getSimpleName())
                    ? Optional.of(m.getFullName() + " is in terms of arrays; rules are in terms of tensors")
                    : Optional.empty();
        })));
    }

    @Test
    void primitivesAreClosed() throws ClassNotFoundException {
        String op = "org.cosmograd.autodiff.op.Op";
        assertTrue(!COSMOGRAD.contain(op) || Class.forName(op).isSealed(), op + " is sealed");
    }

    @Test
    void randomnessIsAKey() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(KERNEL)
                .and()
                .doNotHaveFullyQualifiedName("org.cosmograd.autodiff.Key")
                .should()
                .dependOnClassesThat(is(
                        "chance",
                        c -> CHANCE.contains(c.getName()) || c.getPackageName().equals("java.util.random")))
                .orShould()
                .callMethod(Math.class, "random")
                .orShould()
                .callMethod(java.util.UUID.class, "randomUUID")
                .orShould()
                .callMethod(java.util.Collections.class, "shuffle", List.class));
    }

    /// A static table in an array is private, so that one file can be read to see that nobody writes to it.
    @Test
    void noStaticStateOutsideKernels() {
        check(fields()
                .that()
                .areStatic()
                .and()
                .areDeclaredInClassesThat()
                .resideOutsideOfPackage(KERNEL)
                .should(satisfy("be constants", f -> stateOf(f).map(why -> f.getFullName() + " " + why))));
    }

    private static Optional<String> stateOf(JavaField field) {
        if (field.getModifiers().contains(JavaModifier.SYNTHETIC)) {
            return Optional.empty();
        }
        if (!field.getModifiers().contains(JavaModifier.FINAL)) {
            return Optional.of("is static and not final");
        }
        JavaClass type = field.getRawType();
        if (type.isArray() && !field.getModifiers().contains(JavaModifier.PRIVATE)) {
            return Optional.of("is an array that others can write to; make it private, or a List");
        }
        if (STATE.stream().anyMatch(type.getName()::startsWith)) {
            return Optional.of("is static state of type " + type.getSimpleName());
        }
        if (type.isAssignableTo(Collection.class) || type.isAssignableTo(Map.class)) {
            try {
                Field reflected = field.reflect();
                reflected.setAccessible(true);
                String value = String.valueOf(reflected.get(null).getClass().getName());
                if (!value.matches("java\\.util\\.(ImmutableCollections|Collections\\$(Unmodifiable|Empty|Singleton)).*")) {
                    return Optional.of("is a collection that can change (" + value + "); use List.of, Map.copyOf and the like");
                }
            } catch (IllegalAccessException e) {
                throw new IllegalStateException(e);
            }
        }
        return Optional.empty();
    }

    @Test
    void noObjectStreams() {
        check(noClasses()
                .should()
                .dependOnClassesThat(is(
                        "object streams",
                        c -> Set.of("java.io.ObjectInputStream", "java.io.ObjectOutputStream", "java.io.Externalizable")
                                .contains(c.getName()))));
    }

    @Test
    void librariesDoNotPrint() {
        check(noClasses()
                .that()
                .resideOutsideOfPackage(BENCH)
                .should(GeneralCodingRules.ACCESS_STANDARD_STREAMS)
                .because("a library returns what it has to say, or gives it to a System.Logger"));
    }

    @Test
    void runTimeDependenciesAreFew() {
        // com.sun.management is the JDK's too (module jdk.management)
        List<String> allowed = new ArrayList<>(
                List.of("", "java..", "javax..", "jdk.incubator.vector..", "com.sun.management..", "org.cosmograd.."));
        allowed.addAll(LIBRARIES);
        String logging = "java.util.logging..";
        check(classes()
                .that()
                .resideOutsideOfPackage(BENCH)
                .should()
                .onlyDependOnClassesThat()
                .resideInAnyPackage(allowed.toArray(String[]::new)));
        allowed.addAll(BENCH_LIBRARIES);
        check(classes().should().onlyDependOnClassesThat().resideInAnyPackage(allowed.toArray(String[]::new)));
        check(noClasses().should().dependOnClassesThat().resideInAPackage(logging));
    }

    @Test
    void everyPackageIsNullMarkedAndDescribed() {
        check(classes().should(satisfy(
                "reside in a package with a package-info.java that says @NullMarked",
                c -> c.getPackage().tryGetPackageInfo().isPresent()
                                && c.getPackage().isAnnotatedWith("org.jspecify.annotations.NullMarked")
                        ? Optional.empty()
                        : Optional.of(c.getPackageName() + " has no package-info.java with @NullMarked"))));
    }

    private static void check(ArchRule rule) {
        rule.allowEmptyShould(true).check(COSMOGRAD);
    }

    private static Stream<JavaClass> signature(JavaMember member) {
        return switch (member) {
            case JavaField field -> Stream.of(field.getRawType());
            case JavaCodeUnit code ->
                Stream.concat(Stream.of(code.getRawReturnType()), code.getRawParameterTypes().stream());
            default -> Stream.empty();
        };
    }

    private static JavaClass outermost(JavaClass c) {
        return c.getEnclosingClass().map(ArchitectureTest::outermost).orElse(c);
    }

    private static boolean resides(String packages, JavaClass c) {
        return JavaClass.Predicates.resideInAPackage(packages).test(c);
    }

    private static <T> DescribedPredicate<T> is(String description, Predicate<T> predicate) {
        return DescribedPredicate.describe(description, predicate);
    }

    /// The condition that `fault` finds nothing to say.
    private static <T> ArchCondition<T> satisfy(String description, Function<T, Optional<String>> fault) {
        return new ArchCondition<>(description) {
            @Override
            public void check(T item, ConditionEvents events) {
                fault.apply(item).ifPresent(f -> events.add(SimpleConditionEvent.violated(item, f)));
            }
        };
    }
}
