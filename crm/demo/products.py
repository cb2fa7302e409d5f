"""What the demo bank sells: all ten families, with rates, transfer prices, risk and margin."""

import numpy as np
import polars as pl

# code, name, family, risk, on sale, persons, organisations, margin yuan, rate %, FTP %, term months
_COLUMNS = (
    "code", "name", "family", "risk", "on_sale", "for_persons", "for_organisations", "margin", "rate", "ftp",
    "term_months",
)  # fmt: skip
PRODUCTS = (
    ("CUR01", "个人活期存款", "current", None, 1, 1, 0, "60.00", "0.10", "1.25", None),
    ("CUR02", "单位活期存款", "current", None, 1, 0, 1, "900.00", "0.15", "1.30", None),
    ("CUR03", "单位通知存款", "current", None, 1, 0, 1, "600.00", "0.55", "1.45", None),
    ("TD003", "三个月定期存款", "time_deposit", None, 1, 1, 1, "40.00", "0.95", "1.60", 3),
    ("TD006", "六个月定期存款", "time_deposit", None, 1, 1, 1, "60.00", "1.15", "1.80", 6),
    ("TD012", "一年定期存款", "time_deposit", None, 1, 1, 1, "90.00", "1.35", "2.00", 12),
    ("TD024", "二年定期存款", "time_deposit", None, 1, 1, 1, "110.00", "1.45", "2.15", 24),
    ("TD036", "三年定期存款", "time_deposit", None, 1, 1, 1, "120.00", "1.75", "2.35", 36),
    ("TD060", "五年定期存款", "time_deposit", None, 0, 1, 0, "80.00", "1.90", "2.40", 60),
    ("CD036", "三年大额存单", "time_deposit", None, 1, 1, 0, "420.00", "1.90", "2.40", 36),
    ("WM001", "稳享日日盈 R1", "wealth", "R1", 1, 1, 1, "150.00", "1.80", "0.00", None),
    ("WM090", "稳享 90 天 R2", "wealth", "R2", 1, 1, 1, "380.00", "2.35", "0.00", 3),
    ("WM091", "安心 90 天 R1", "wealth", "R1", 1, 1, 0, "260.00", "2.05", "0.00", 3),
    ("WM180", "稳享半年 R2", "wealth", "R2", 1, 1, 1, "420.00", "2.55", "0.00", 6),
    ("WM365", "固收增强一年 R3", "wealth", "R3", 1, 1, 0, "560.00", "3.05", "0.00", 12),
    ("WM400", "混合优选一年 R4", "wealth", "R4", 1, 1, 0, "680.00", "3.60", "0.00", 12),
    ("WM009", "旧版月月丰 R2", "wealth", "R2", 0, 1, 0, "200.00", "2.20", "0.00", 1),
    ("FD101", "货币基金", "fund", "R1", 1, 1, 1, "80.00", "0.00", "0.00", None),
    ("FD201", "纯债基金", "fund", "R2", 1, 1, 0, "240.00", "0.00", "0.00", None),
    ("FD301", "均衡混合基金", "fund", "R3", 1, 1, 0, "520.00", "0.00", "0.00", None),
    ("FD401", "宽基指数基金", "fund", "R4", 1, 1, 0, "460.00", "0.00", "0.00", None),
    ("FD501", "行业股票基金", "fund", "R5", 1, 1, 0, "640.00", "0.00", "0.00", None),
    ("IN101", "养老年金保险", "insurance", "R2", 1, 1, 0, "900.00", "0.00", "0.00", None),
    ("IN201", "增额终身寿险", "insurance", "R1", 1, 1, 0, "1100.00", "0.00", "0.00", None),
    ("IN301", "百万医疗险", "insurance", "R1", 1, 1, 0, "180.00", "0.00", "0.00", None),
    ("BD036", "储蓄国债三年", "bond", "R1", 1, 1, 0, "70.00", "1.93", "0.00", 36),
    ("BD060", "储蓄国债五年", "bond", "R1", 0, 1, 0, "70.00", "2.00", "0.00", 60),
    ("PM101", "积存金", "metal", "R3", 1, 1, 0, "210.00", "0.00", "0.00", None),
    ("PM201", "投资金条", "metal", "R4", 1, 1, 0, "300.00", "0.00", "0.00", None),
    ("LN101", "个人住房贷款", "loan", None, 1, 1, 0, "3600.00", "3.45", "2.25", 240),
    ("LN201", "个人消费贷款", "loan", None, 1, 1, 0, "1500.00", "4.25", "2.05", 24),
    ("LN301", "个人经营贷款", "loan", None, 1, 1, 0, "4200.00", "4.20", "2.05", 12),
    ("LN401", "小微流动资金贷款", "loan", None, 1, 0, 1, "9800.00", "4.05", "2.05", 12),
    ("LN501", "流动资金贷款", "loan", None, 1, 0, 1, "36000.00", "3.70", "2.05", 12),
    ("LN601", "固定资产贷款", "loan", None, 1, 0, 1, "52000.00", "3.85", "2.30", 36),
    ("LN009", "旧版助农贷款", "loan", None, 0, 1, 0, "800.00", "4.60", "2.10", 24),
    ("CC101", "信用卡金卡", "card", None, 1, 1, 0, "260.00", "0.00", "0.00", None),
    ("CC201", "信用卡白金卡", "card", None, 1, 1, 0, "620.00", "0.00", "0.00", None),
    ("CC301", "单位公务卡", "card", None, 1, 0, 1, "340.00", "0.00", "0.00", None),
    ("SV101", "代发工资", "service", None, 1, 0, 1, "1800.00", "0.00", "0.00", None),
    ("SV201", "商户收单", "service", None, 1, 0, 1, "1400.00", "0.00", "0.00", None),
    ("SV301", "企业网银套餐", "service", None, 1, 0, 1, "480.00", "0.00", "0.00", None),
    ("SV401", "保管箱", "service", None, 1, 1, 1, "260.00", "0.00", "0.00", None),
    ("SV501", "账户信息服务", "service", None, 1, 1, 0, "24.00", "0.00", "0.00", None),
)  # fmt: skip

INDEX = {row[0]: number for number, row in enumerate(PRODUCTS)}
RATE = np.array([float(row[8]) / 100 for row in PRODUCTS])
FTP = np.array([float(row[9]) / 100 for row in PRODUCTS])
RISK = np.array([int(row[3][1]) if row[3] else 0 for row in PRODUCTS])
FAMILY = np.array([row[2] for row in PRODUCTS])
CODES = np.array([row[0] for row in PRODUCTS])
NAMES = np.array([row[1] for row in PRODUCTS])
TERM = np.array([row[10] or 0 for row in PRODUCTS])
DEPOSIT = (FAMILY == "current") | (FAMILY == "time_deposit")

# Probability of default and loss given default by loan product (percent); the class moves the first.
PD = {"LN101": 0.35, "LN201": 1.10, "LN301": 1.20, "LN401": 1.40, "LN501": 0.90, "LN601": 0.80}
LGD = {"LN101": 20, "LN201": 50, "LN301": 40, "LN401": 40, "LN501": 40, "LN601": 35}


def numbers(*codes: str) -> np.ndarray:
    """Return the indices of products in `PRODUCTS`."""
    return np.array([INDEX[code] for code in codes])


def frame() -> pl.DataFrame:
    """Return the feed's products."""
    return pl.DataFrame(PRODUCTS, schema=list(_COLUMNS), orient="row")
