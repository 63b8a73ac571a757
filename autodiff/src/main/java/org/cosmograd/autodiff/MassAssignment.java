package org.cosmograd.autodiff;

import org.cosmograd.autodiff.op.Mesh;

/// How particles and a regular periodic mesh exchange values (Hockney & Eastwood 1988, *Computer Simulation Using Particles*, ch. 5).
/// With the kernel `W` and mesh points `c` at whole numbers, for particles at `x_i`, in units of cells, and products over one to three
/// axes `a`:
///
///     paint   m_c = Σ_i w_i Π_a W(x_ia - c_a)
///     read    r_i = Σ_c m_c Π_a W(x_ia - c_a)
///
/// Each is the other's adjoint. Positions may lie anywhere and are wrapped exactly into the box; one that is not finite ends the
/// computation with an [ArithmeticException] before anything is painted. All derivatives exist, with respect to positions too. Those of
/// cloud-in-cell with respect to positions jump at mesh points, where the value on the right is taken; second derivatives of
/// triangular-shaped-cloud jump in the middle between them.
///
/// A result has the same bits for any number of threads. Particles in roughly the order of the mesh (a lattice, displaced or not) are
/// fastest. Painting and reading at the same positions share what has been found out about their order.
///
///     Tensor density = MassAssignment.CLOUD_IN_CELL.paint(x, 64, 64, 64);
///     Tensor force = MassAssignment.CLOUD_IN_CELL.readAll(gradient, x);      // [3, 64, 64, 64] at [n, 3] gives [n, 3]
public enum MassAssignment {
    /// `W(s) = 1 - |s|` for `|s| < 1`: linear interpolation.
    CLOUD_IN_CELL(2),
    /// `W(s) = ¾ - s²` for `|s| ≤ ½`, `½(3/2 - |s|)²` for `½ ≤ |s| ≤ 3/2`: once continuously differentiable.
    TRIANGULAR_SHAPED_CLOUD(3);

    private final int support;

    MassAssignment(int support) {
        this.support = support;
    }

    /// The number of cells that a particle reaches along each axis.
    public int support() {
        return support;
    }

    /// Particles of weight 1 painted on a mesh.
    ///
    /// @param x    positions `[…, d]` in cells, one for each index of the leading axes
    /// @param mesh sizes of the mesh, `d` of them, one to three
    public Tensor paint(Tensor x, int... mesh) {
        Tensor flat = flat("paint", x, Shape.of(mesh));
        Shape box = box("paint", x.dtype(), 1, mesh);
        Tensor order = flat.apply(new Mesh.Arrange(this, box));
        return flat.apply(new Mesh.Paint(this, box, Mesh.value(mesh.length), false), order).reshape(box);
    }

    /// Weighted particles painted on a mesh.
    ///
    /// @param x       positions `[…, d]` in cells
    /// @param weights weights `[…]`
    /// @param mesh    sizes of the mesh
    public Tensor paint(Tensor x, Tensor weights, int... mesh) {
        check("paint", x, weights, weights.shape());
        return paintAll(x, weights.expand(-1), mesh).reshape(Shape.of(mesh));
    }

    /// Several weights of the same particles painted, each on a mesh of its own.
    ///
    /// @param x       positions `[…, d]` in cells
    /// @param weights weights `[…, k]`
    /// @param mesh    sizes of a mesh
    /// @return the meshes, `[k, mesh…]`
    public Tensor paintAll(Tensor x, Tensor weights, int... mesh) {
        if (weights.shape().rank() == 0) {
            throw new ShapeException("paintAll: needs weights with a last axis, one for each mesh, got " + weights.type());
        }
        check("paintAll", x, weights, weights.shape().without(-1));
        Tensor flat = flat("paintAll", x, Shape.of(mesh));
        int k = weights.dim(-1);
        Shape box = box("paintAll", x.dtype(), k, mesh);
        Tensor order = flat.apply(new Mesh.Arrange(this, box));
        return flat.apply(new Mesh.Paint(this, box, Mesh.value(mesh.length), true), order, weights.reshape(flat.dim(0), k, 1));
    }

    /// A mesh read at particles.
    ///
    /// @param mesh the mesh, one to three axes
    /// @param x    positions `[…, d]` in cells
    /// @return the values at the particles, `[…]`
    public Tensor read(Tensor mesh, Tensor x) {
        flat("read", x, mesh.shape());
        sameType("read", mesh, x);
        return readAll(mesh.reshape(mesh.shape().insert(0, 1)), x).squeeze(-1);
    }

    /// Several meshes read at the same particles.
    ///
    /// @param meshes the meshes, `[k, mesh…]`
    /// @param x      positions `[…, d]` in cells
    /// @return the values at the particles, `[…, k]`
    public Tensor readAll(Tensor meshes, Tensor x) {
        if (meshes.shape().rank() == 0) {
            throw new ShapeException("readAll: needs meshes one after the other along a first axis, got " + meshes.type());
        }
        Shape mesh = meshes.shape().slice(1, meshes.shape().rank());
        Tensor flat = flat("readAll", x, mesh);
        sameType("readAll", meshes, x);
        Shape box = box("readAll", x.dtype(), meshes.dim(0), mesh.dims());
        Tensor order = flat.apply(new Mesh.Arrange(this, box));
        Tensor values = meshes.apply(new Mesh.Read(this, Mesh.value(mesh.rank())), flat, order);
        return values.reshape(x.shape().with(-1, meshes.dim(0)));
    }

    private static void check(String operation, Tensor x, Tensor given, Shape lead) {
        sameType(operation, x, given);
        if (x.shape().rank() == 0 || !x.shape().without(-1).equals(lead)) {
            throw new ShapeException(operation + ": the weights " + given.type() + " do not belong to the positions " + x.type()
                    + ", which have one particle for each index but the last");
        }
    }

    private static void sameType(String operation, Tensor a, Tensor b) {
        if (a.dtype() != b.dtype()) {
            throw new ShapeException(operation + ": element types differ: " + a.type() + " and " + b.type() + "; cast() one of them");
        }
    }

    /// The positions as `[n, d]`.
    private static Tensor flat(String operation, Tensor x, Shape mesh) {
        int d = mesh.rank();
        if (d < 1 || d > 3) {
            throw new ShapeException(operation + ": a mesh has one to three axes, got " + mesh);
        }
        if (!x.dtype().isFloating() || x.shape().rank() == 0 || x.dim(-1) != d) {
            throw new ShapeException(operation + ": the mesh " + mesh + " needs floating-point positions with a last axis of " + d + ", got " + x.type());
        }
        return x.reshape(x.shape().without(-1).size(), d);
    }

    private static Shape box(String operation, DType dtype, int count, int... mesh) {
        Shape box = Shape.of(mesh);
        if (box.size() == 0) {
            throw new ShapeException(operation + ": a periodic mesh needs at least one cell along each axis, got " + box);
        }
        long bytes = (long) box.size() * count * dtype.bytes();
        long heap = Runtime.getRuntime().maxMemory();
        if (bytes > heap) {
            String meshes = count == 1 ? "a mesh " : count + " meshes ";
            throw new ShapeException(operation + ": " + meshes + box + " of " + dtype + " " + (count == 1 ? "needs " : "need ") + (bytes >> 20) + " MiB, the Java heap may have "
                    + (heap >> 20) + " MiB; take a coarser mesh or raise -Xmx");
        }
        return box;
    }
}
