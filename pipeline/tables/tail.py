"""Which columns of `spectra` tell tail from bulk, and signal from noise?"""

from pipeline.tables.column import COUNT, REAL, TEXT, Column

NULL_METRICS = (
    "alpha",
    "alpha_hill",
    "stable_rank",
    "effective_rank",
    "participation_ratio",
    "spectral_entropy",
    "mp_softrank",
)

_CLAUSET = "Clauset, Shalizi & Newman 2009"
_VUONG = "Vuong 1989"
_MP = "Marchenko & Pastur 1967"

TAIL_COLUMNS = (
    Column(
        "fit_status",
        TEXT,
        "ok, or why there is no alpha: too_few, constant, no_tail",
    ),
    Column(
        "alpha",
        REAL,
        "exponent of the eigenvalues' tail; read it with its null, not alone",
        "",
        "1 + n / Σ ln(λᵢ / alpha_xmin), λ = σ² ≥ alpha_xmin",
        (1, None),
        "",
        _CLAUSET,
    ),
    Column(
        "alpha_xmin",
        REAL,
        "eigenvalue where the tail begins: of all, the one of least ks_distance",
        "",
        "argmin D",
        (0, None),
        "",
        _CLAUSET,
    ),
    Column(
        "alpha_stderr",
        REAL,
        "standard error of alpha for the chosen tail",
        "",
        "(alpha − 1) / √n_tail",
        (0, None),
        "",
        _CLAUSET,
    ),
    Column(
        "alpha_plateau",
        REAL,
        "how far alpha_xmin can move with alpha within two standard errors; wide is sound",
        "decades",
        "log₁₀(λ_high / λ_low)",
        (0, None),
    ),
    Column(
        "n_tail",
        COUNT,
        "eigenvalues from alpha_xmin on",
        "eigenvalues",
        "#{λ ≥ alpha_xmin}",
        (0, None),
    ),
    Column(
        "ks_distance",
        REAL,
        "largest gap between the tail and its fit",
        "fraction",
        "D = max |F(λᵢ) − i/n|, i from 0",
        (0, 1),
        "high",
        _CLAUSET,
    ),
    Column(
        "exponential_lr",
        REAL,
        "log-likelihood of the power law less that of an exponential tail",
        "nats",
        "Σ ln p(λ) − ln e(λ)",
        reference=_VUONG,
    ),
    Column(
        "exponential_p",
        REAL,
        "two-sided p of the sign of exponential_lr",
        "",
        "erfc(|LR| / √(2n)·s)",
        (0, 1),
        reference=_VUONG,
    ),
    Column(
        "lognormal_lr",
        REAL,
        "log-likelihood of the power law less that of a lognormal tail, which contains it",
        "nats",
        "Σ ln p(λ) − ln l(λ)",
        (None, 0),
    ),
    Column(
        "lognormal_p",
        REAL,
        "p that the lognormal is no better: small rejects the power law",
        "",
        "P(χ²₁ > −2·LR)",
        (0, 1),
    ),
    Column(
        "alpha_hill",
        REAL,
        "exponent of the upper half, without a search for alpha_xmin",
        "",
        "1 + k / Σ_{i≤k} ln(λᵢ / λₖ₊₁), k = M/2",
        (1, None),
        "",
        "Hill 1975",
    ),
    Column(
        "n_erg_spikes",
        COUNT,
        "least number of leading eigenvalues, scaled to mean 1, whose product is below 1",
        "eigenvalues",
        "min{k : Σ_{i≤k} ln(λᵢ / λ̄) < 0}",
        (0, None),
    ),
    Column(
        "mp_sigma",
        REAL,
        "standard deviation of the entries that would make the bulk, from the median eigenvalue",
        "",
        "√(median λ / (N·m(M/N))), N the larger side, m the law's median",
        (0, None),
        "",
        _MP,
    ),
    Column(
        "mp_edge",
        REAL,
        "upper edge of the bulk of eigenvalues; λ = σ² is not divided by N",
        "",
        "mp_sigma²·N·(1 + √(M/N))²",
        (0, None),
        "",
        _MP,
    ),
    Column(
        "n_spikes",
        COUNT,
        "eigenvalues above the edge and its margin, which noise passes in 1 % of matrices",
        "eigenvalues",
        "#{λ > mp_edge + 99.9 % margin of Tracy–Widom}",
        (0, None),
        "",
        "Johnstone 2001",
    ),
    Column(
        "mp_softrank",
        REAL,
        "edge of the bulk over the largest eigenvalue: near 1 in noise",
        "ratio",
        "mp_edge / λ₁",
        (0, None),
    ),
    Column(
        "bulk_fraction",
        REAL,
        "share of eigenvalues within the bulk and its margins",
        "fraction",
        "#{λ in the bulk} / min(N, M)",
        (0, 1),
    ),
)

NULL_COLUMNS = (
    Column(
        "null_kind",
        TEXT,
        "gaussian; gaussian_misfit: entries too far from normal for the p-values to hold",
    ),
    *(
        column
        for metric in NULL_METRICS
        for column in (
            Column(
                f"{metric}_null_z",
                REAL,
                f"{metric} against noise of the same shape",
                "standard deviations",
                "(x − mean) / sd over table nulls",
            ),
            Column(
                f"{metric}_null_p",
                REAL,
                f"two-sided p of {metric} in noise of the same shape",
                "",
                "min(2·rank / (n + 1), 4 / 9z²)",
                (0, 1),
                "",
                "Vysochanskij & Petunin 1980",
            ),
        )
    ),
)
