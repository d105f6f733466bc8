"""The catalogue of problems: what each is, whether it stops, why, and what to do."""

from dataclasses import dataclass

from ptclnm.imaging.errors import REMEDIES


@dataclass(frozen=True)
class Kind:
    """One kind of problem.

    Parameters
    ----------
    what : str
        The problem in a few words.
    stops : bool
        True for an error, False for a warning.
    why : str
        Why it matters, and so why it stops or does not.
    remedy : str
        What to do, as one or more sentences.
    """

    what: str
    stops: bool
    why: str
    remedy: str

    @property
    def severity(self) -> str:
        """``error`` or ``warning``."""
        return "error" if self.stops else "warning"


def _image(code: str, what: str, why: str) -> Kind:
    return Kind(what, True, why, REMEDIES[code])


MANIFEST_KINDS = {
    "manifest_unreadable": Kind(
        "manifest that is missing or no plain YAML",
        True,
        "Nothing can be read without it.",
        "Write it as UTF-8 YAML without tags, anchors or repeated keys, as in the example.",
    ),
    "manifest_key": Kind(
        "unknown, missing or impossible setting",
        True,
        "A misspelt setting that is passed over would change the cohort silently.",
        "Correct the manifest.",
    ),
}

TABLE_KINDS = {
    "csv_missing": Kind(
        "CSV that is missing or too large",
        True,
        "There is no cohort without it.",
        "Correct csv: in the manifest; it is relative to the manifest's folder.",
    ),
    "csv_encoding": Kind(
        "CSV that is not UTF-8",
        True,
        "Guessing the encoding would change names silently.",
        'Save it as "CSV UTF-8".',
    ),
    "csv_delimiter": Kind(
        "semicolons or tabs between the columns",
        True,
        "Such files often have decimal commas too, which would be misread.",
        "Save it with commas between the columns and points in the numbers.",
    ),
    "csv_format": Kind(
        "rows of unequal length, open quotes, a column name twice, no rows",
        True,
        "Values would slip into another column.",
        "Correct this row, or quote cells that hold commas.",
    ),
    "missing_column": Kind(
        "column that the manifest names and the CSV lacks",
        True,
        "The manifest and the CSV do not belong together.",
        "Correct the name under columns: in the manifest, or the CSV's header.",
    ),
    "missing_value": Kind(
        "no patient, image, mask, label, centre or set in a row",
        True,
        "The row cannot be placed.",
        "Fill the cell, or delete the row.",
    ),
    "unmapped_label": Kind(
        "label that is neither positive, negative nor excluded",
        True,
        "Counting an unknown label as negative would be a guess.",
        "List the value under positive:, negative: or exclude:, or correct the cell.",
    ),
    "one_class": Kind(
        "one class only, in all or in the training set",
        True,
        "There is nothing to tell apart.",
        "Check positive: and negative:, and the split.",
    ),
    "set_one_class": Kind(
        "one class only in an evaluation set",
        False,
        "Sensitivity or specificity and the AUC of that set are undefined; the others are not.",
        "Use a larger or another evaluation set.",
    ),
    "label_differs": Kind(
        "label that differs within a patient",
        True,
        "The patient is the unit; the endpoint is one a patient.",
        "Give every row of the patient the same label.",
    ),
    "patient_two_splits": Kind(
        "patient in two sets",
        True,
        "The model would be tested on patients it was trained on.",
        "Put all rows of the patient in one set.",
    ),
    "patient_two_centers": Kind(
        "patient in two centres",
        True,
        "A set by centre must not divide a patient.",
        "Give every row of the patient the same centre.",
    ),
    "unmapped_split": Kind(
        "set or centre that the manifest does not map",
        True,
        "The row belongs to no set.",
        "Add the value under split:, or correct the cell.",
    ),
    "no_training": Kind(
        "no patient in the training set",
        True,
        "Nothing can be fitted.",
        "Map one value of the split column to train.",
    ),
    "duplicate_row": Kind(
        "same patient, image and mask twice",
        True,
        "The image would count twice.",
        "Delete one of the rows.",
    ),
    "duplicate_image_id": Kind(
        "image_id twice",
        True,
        "Features are joined by it.",
        "Give every row an image_id of its own, or leave image_id: out of the manifest.",
    ),
    "not_a_number": Kind(
        "text in a numeric column",
        True,
        "It would be lost as a missing value, or shift the column's type.",
        "Write a plain number with a decimal point, leave the cell empty if it is unknown, or "
        "declare the column kind: categorical.",
    ),
    "out_of_range": Kind(
        "age or size outside any human range, or outside the manifest's",
        True,
        "It is an error of typing or of units, and would bend every clinical model.",
        "Correct the cell or leave it empty; for another unit give the column a range: of its own.",
    ),
    "missing_clinical": Kind(
        "empty cells in a clinical column",
        False,
        "Real tables have them; each model says what it does about them.",
        "Fill them where the value is known.",
    ),
    "clinical_differs": Kind(
        "clinical value that differs within a patient",
        False,
        "It can be meant, as with the size in two sections. The patient's first image counts.",
        "Give the patient one value if it is a property of the patient.",
    ),
    "clinical_is_label": Kind(
        "clinical column that is the label in other words",
        True,
        "Any model with it would be perfect and worthless.",
        "Take the column off clinical:. A count of positive nodes or an N stage is the endpoint.",
    ),
    "center_is_label": Kind(
        "every centre with one class only",
        False,
        "The look of a centre's machine then tells the class. It is no error of the table.",
        "Add patients of the other class from the same centres, or do not trust image models.",
    ),
    "clinical_separates": Kind(
        "numeric column that separates the classes without overlap",
        False,
        "It may be known only once the endpoint is, but can happen by chance in few patients.",
        "Make sure that the value was known before surgery, or take the column off clinical:.",
    ),
}

FILE_KINDS = {
    "path_outside": Kind(
        "path outside the root, also through a symlink",
        True,
        "A manifest from elsewhere must not read other files of this machine.",
        "Keep images and masks below root:, and write their paths relative to it.",
    ),
    "missing_file": _image("missing_file", "missing file", "The row has no picture."),
    "unknown_format": _image(
        "unknown_format",
        "file of no known format, or a variant that would be misread",
        "What is not read as it was meant is not read.",
    ),
    "unreadable": _image(
        "unreadable",
        "unreadable or truncated file",
        "The missing part would be filled with noise or grey.",
    ),
    "multi_frame": _image(
        "multi_frame", "several frames", "The mask belongs to one frame; which is unknown."
    ),
    "absurd_size": _image(
        "absurd_size",
        "absurd image size",
        "It is a thumbnail, a scan or a damaged header. The header is checked before decoding.",
    ),
    "colour_doppler": _image(
        "colour_doppler",
        "colour Doppler or elastography",
        "The colour would be taken for echo.",
    ),
    "not_finite": _image("not_finite", "pixels that are no numbers", "No feature is defined."),
    "blank_image": Kind(
        "picture of a single grey value",
        True,
        "It has no texture.",
        "Export the picture again.",
    ),
    "size_mismatch": Kind(
        "image and mask of different size",
        True,
        "The outline would lie elsewhere than where it was drawn.",
        "Export the mask on the grid of the very image it was drawn on; do not resize either.",
    ),
    "mask_empty": Kind(
        "empty mask",
        True,
        "There is no nodule to measure.",
        "Outline the nodule and save again, or delete the row.",
    ),
    "mask_label_absent": Kind(
        "mask without the label that the manifest names",
        True,
        "Another label may be another structure.",
        "Correct mask_label: in the manifest (255 and 1 are common), or the mask.",
    ),
    "mask_lossy": Kind(
        "mask with in-between values",
        True,
        "JPG compression, smoothing or scaling has blurred its edge.",
        "Export the mask as PNG or NIfTI without smoothing.",
    ),
    "mask_labels": Kind(
        "mask with unexpected labels beside the ROI's",
        False,
        "ITK-SNAP users draw nodes or the gland beside the nodule; only mask_label is used.",
        "Make sure that the other labels are not parts of the nodule.",
    ),
    "mask_border": Kind(
        "mask that touches the picture's border",
        False,
        "Large nodules leave the field of view. Shape and size are then those of the visible part.",
        "Check the outline; use a picture that shows the whole nodule where there is one.",
    ),
    "mask_pieces": Kind(
        "mask in several pieces",
        False,
        "Two nodules or a stray click; shape features describe all pieces as one.",
        "Remove stray pixels, or keep the one nodule that was examined.",
    ),
    "roi_too_small": Kind(
        "ROI too small for texture",
        True,
        "Texture matrices of so few pixels are noise, and some are undefined.",
        "Check the outline, use the original resolution, or lower options: min_roi_pixels.",
    ),
    "roi_small": Kind(
        "small ROI",
        False,
        "Below 400 pixels (20 by 20) texture depends on single pixels, but is defined.",
        "Use the original resolution where there is one.",
    ),
    "picture_two_patients": Kind(
        "same picture under two patients",
        True,
        "One of the two is wrong, and the picture may be on both sides of a split.",
        "Find out whose picture it is and delete the other row; one patient needs one number.",
    ),
    "picture_two_labels": Kind(
        "same picture under two labels",
        True,
        "One of the labels is wrong.",
        "Find out which label is right and delete or correct the other row.",
    ),
    "picture_twice": Kind(
        "same picture twice under one patient",
        False,
        "It can be meant, with two nodules in one picture; else the picture counts twice.",
        "Delete one of the rows unless their masks outline two nodules.",
    ),
    "spacing_mixed": Kind(
        "pixel spacing known for some images only",
        False,
        "Sizes are in mm for these and in pixels for the others, so they do not compare.",
        "Export all images in a format that carries the spacing, or none.",
    ),
    "geometry_differs": Kind(
        "image and mask with different spacing or direction",
        False,
        "Both are read in the order of storage, so a mask may lie mirrored.",
        "Look at the outline on the picture.",
    ),
    "image_note": Kind(
        "reservation about a file",
        False,
        "The file can be read, and says something about itself that matters.",
        "Look at the picture.",
    ),
}

CATALOGUE: dict[str, Kind] = {**MANIFEST_KINDS, **TABLE_KINDS, **FILE_KINDS}


def catalogue_markdown() -> str:
    """Render the catalogue as the Markdown table of the book's page."""
    head = ["| problem | | why | what to do |", "|---|---|---|---|"]
    body = [
        f"| {kind.what} (`{code}`) | {kind.severity} | {kind.why} | {kind.remedy} |"
        for code, kind in CATALOGUE.items()
    ]
    return "\n".join([*head, *body])
