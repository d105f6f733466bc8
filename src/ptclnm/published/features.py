"""Feature accounting: which pyradiomics classes and image types give a printed number."""

from itertools import combinations, product

import pandas as pd

from ptclnm.published.tables import Study

# Features that each class of pyradiomics 3.0.1 computes by default. First order has a 19th
# (StandardDeviation) and GLCM 22 without SumAverage and MCC, as Li's count has it.
FIRST_ORDER = (18, 19)
GLCM = (22, 23, 24)
TEXTURE = {"GLRLM": 16, "GLSZM": 16, "GLDM": 14, "NGTDM": 5}
SHAPE = 14
MOST_IMAGE_TYPES = 32


def class_choices(first_order: bool = True, texture: bool = True) -> list[dict[str, int]]:
    """Every choice of feature classes per image type, with the number of features of each.

    Parameters
    ----------
    first_order, texture : bool
        Whether first-order and texture classes may be among them.
    """
    heads = [{}]
    if first_order:
        heads += [{"first order": size} for size in FIRST_ORDER]
    textures = [{}]
    if texture:
        subsets = [
            dict(chosen)
            for count in range(len(TEXTURE) + 1)
            for chosen in combinations(TEXTURE.items(), count)
        ]
        cooccurrence = [{}, *({"GLCM": size} for size in GLCM)]
        textures = [glcm | rest for glcm, rest in product(cooccurrence, subsets)]
    return [head | tail for head, tail in product(heads, textures) if head or tail]


def readings(value: int, choices: list[dict[str, int]], shape: int = 0) -> pd.DataFrame:
    """Find image types x classes that give a number of features.

    Parameters
    ----------
    value : int
        The printed number.
    choices : list of dict
        From ``class_choices``.
    shape : int
        Shape features, counted once and not per image type.

    Returns
    -------
    DataFrame
        Columns ``image_types, per_image, classes``; no row where nothing gives the number.
    """
    found = [
        (count, sum(chosen.values()), " + ".join(f"{n} {size}" for n, size in chosen.items()))
        for chosen in choices
        for count in range(1, MOST_IMAGE_TYPES + 1)
        if count * sum(chosen.values()) + shape == value
    ]
    columns = ["image_types", "per_image", "classes"]
    return pd.DataFrame(found, columns=columns).sort_values(columns, ignore_index=True)


def printed_features(study: Study) -> dict[str, int]:
    """Printed quantities by name; of a quantity printed twice, the first."""
    rows = study.features.drop_duplicates("quantity")
    return dict(zip(rows["quantity"], rows["value"].astype(int), strict=True))


def _line(key: str, quantity: str, printed: object, follows: object, good: bool) -> dict:
    verdict = "agrees" if good else "contradicts"
    return {
        "key": key, "quantity": quantity, "printed": str(printed), "follows": str(follows),
        "verdict": verdict,
    }  # fmt: skip


def _formula(printed: dict[str, int]) -> list[dict]:
    needed = ("image_types", "first_order_per_image", "texture_per_image", "shape", "total")
    if not set(needed) <= printed.keys():
        return []
    types, first, texture, shape, total = (printed[name] for name in needed)
    got = types * (first + texture) + shape
    text = f"{types} x ({first} + {texture}) + {shape} = {got}"
    return [_line("formula", "total number of features", total, text, got == total)]


def _parts(printed: dict[str, int]) -> list[dict]:
    needed = ("first_order", "shape", "texture", "total")
    if not set(needed) <= printed.keys():
        return []
    first, shape, texture, total = (printed[name] for name in needed)
    lines = [
        _line(
            "sum", "total is the sum of its parts", total,
            f"{first} + {shape} + {texture} = {first + shape + texture}",
            first + shape + texture == total,
        )
    ]  # fmt: skip
    alone = readings(first, class_choices(texture=False))
    text = "; ".join(f"{r.image_types} x {r.per_image}" for r in alone.itertuples())
    quantity = "first-order features are a whole number of image types"
    none = f"no multiple of {' or '.join(map(str, FIRST_ORDER))}"
    lines.append(_line("first_order", quantity, first, text or none, bool(text)))
    return lines


def _whole(printed: dict[str, int]) -> list[dict]:
    if "total" not in printed:
        return []
    found = readings(printed["total"], class_choices(), printed.get("shape", 0))
    text = "; ".join(f"{r.image_types} x ({r.classes})" for r in found.itertuples())
    quantity = "total from pyradiomics classes and image types"
    return [_line("total", quantity, printed["total"], text or "none", bool(text))]


def _deep(printed: dict[str, int]) -> list[dict]:
    if "deep_total" not in printed:
        return []
    found = densenet_tensors(printed["deep_total"])
    text = f"{found['shape'].iloc[0]}, {len(found)} modules" if len(found) else "no tensor"
    quantity = "values of a tensor inside DenseNet121"
    return [_line("deep_total", quantity, printed["deep_total"], text, len(found) > 0)]


def _repeated(study: Study) -> list[dict]:
    lines = []
    for quantity, part in study.features.groupby("quantity", sort=False):
        if part["value"].nunique() > 1:
            places = "; ".join(f"{r.value} ({r.where})" for r in part.itertuples())
            first = part["value"].iloc[0]
            name = quantity.replace("_", " ")
            quantity_twice = f"{name}, printed twice"
            lines.append(_line(f"repeated:{quantity}", quantity_twice, first, places, False))
    return lines


def feature_accounting(study: Study) -> pd.DataFrame:
    """Check the printed numbers of features.

    Parameters
    ----------
    study : Study
        The transcribed paper.

    Returns
    -------
    DataFrame
        Columns ``key, study, quantity, printed, follows, verdict``.
    """
    printed = printed_features(study)
    lines = [
        *_formula(printed), *_parts(printed), *_whole(printed), *_deep(printed), *_repeated(study),
    ]  # fmt: skip
    frame = pd.DataFrame(lines, columns=["key", "quantity", "printed", "follows", "verdict"])
    frame.insert(1, "study", study.name)
    return frame


def part_readings(study: Study) -> pd.DataFrame:
    """Find every reading of each printed number of features, part by part.

    Returns
    -------
    DataFrame
        Columns ``quantity, printed, image_types, per_image, classes``: which feature classes,
        over how many image types, give the number; several rows where several do, one with empty
        cells where none does.
    """
    printed = printed_features(study)
    tried = {
        "first_order": (class_choices(), 0),
        "texture": (class_choices(first_order=False), 0),
        "total": (class_choices(), printed.get("shape", 0)),
    }
    parts = []
    for quantity, (choices, shape) in tried.items():
        if quantity in printed:
            found = readings(printed[quantity], choices, shape)
            found = found if len(found) else pd.DataFrame([{"classes": "none"}])
            parts.append(
                found.assign(quantity=quantity.replace("_", " "), printed=printed[quantity])
            )
    columns = ["quantity", "printed", "image_types", "per_image", "classes"]
    whole = dict.fromkeys(columns[1:4], "Int64")
    return pd.concat([pd.DataFrame(columns=columns), *parts])[columns].astype(whole)


def deep_tensors(study: Study) -> pd.DataFrame:
    """Find the tensors of DenseNet121 with the printed number of deep features; empty if none."""
    printed = printed_features(study)
    if "deep_total" not in printed:
        return pd.DataFrame(columns=["module", "shape"])
    return densenet_tensors(printed["deep_total"])


def densenet_tensors(values: int, size: int = 224) -> pd.DataFrame:
    """Find the tensors inside torchvision's DenseNet121 with a given number of values.

    Parameters
    ----------
    values : int
        Number of values for one image.
    size : int
        Side of the square input, in pixels.

    Returns
    -------
    DataFrame
        Columns ``module, shape`` of every module whose output has `values` values; the network's
        weights do not matter.
    """
    import torch
    from torchvision.models import densenet121

    model = densenet121(weights=None).eval()
    found: list[tuple[str, str]] = []

    def note(name: str):
        def hook(_module, _inputs, output) -> None:
            if isinstance(output, torch.Tensor) and output.numel() == values:
                found.append((name, " x ".join(map(str, output.shape[1:]))))

        return hook

    for name, module in model.named_modules():
        module.register_forward_hook(note(name))
    with torch.inference_mode():
        model(torch.zeros(1, 3, size, size))
    return pd.DataFrame(found, columns=["module", "shape"])
